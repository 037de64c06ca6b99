/** A hundred queries of ten kinds for the packets of simple-capture.ts; every tenth is of another kind. */
export const SAMPLE_QUERIES: readonly string[] = Array.from({ length: 10 }, (_, i) => [
  `udp.port == ${[53, 443, 51_820, 3_478, 6_881, 123, 161, 500, 4_500, 5_353][i]}`,
  `tcp.dstport == ${[443, 80, 22, 8_443, 25, 110, 143, 993, 3_306, 5_432][i]}`,
  `ip.addr == 10.1.${20 * i + 3}.7`,
  `ip.src == 198.18.${12 * i}.0/24`,
  `tcp.flags.syn == 1 and tcp.dstport == ${[443, 80, 22, 8_443, 445, 3_389, 21, 23, 1_433, 6_379][i]}`,
  `dns.qry.name == "www.h${i}${9 - i}-x.example.com"`,
  `dns.qry.name contains "h${9 - i}${i}"`,
  `udp.srcport == 443 and ip.dst in {10.1.${24 * i}.0/24, 10.1.${24 * i + 1}.1, 198.19.0.0/20}`,
  `ip.len > ${100 + i} and ip.proto == ${i % 2 === 0 ? 6 : 17}`,
  `(tcp.port == ${[80, 443][i % 2]} or udp.port == 53) and not ip.src == 10.1.${i}.0/24 and frame.len < ${70 + i}`,
]).flat();
