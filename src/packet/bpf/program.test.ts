import assert from "node:assert/strict";
import { test } from "node:test";
import type { BpfInstruction, BpfProgram } from "#base/bpf.ts";
import { bpfBytes, bpfDecimal, formatBpf, parseBpfDecimal } from "#packet/bpf/format.ts";
import { runBpf } from "#packet/bpf/run.ts";
import { verifyBpf } from "#packet/bpf/verify.ts";
import { hexText } from "#packet/primitive.ts";

const one = (code: number, k = 0, jt = 0, jf = 0): BpfInstruction => ({ code, jt, jf, k });
const RETURN_A = one(0x16);
const REJECT = one(0x06);

/** tcpdump -y EN10MB -ddd "udp port 53", libpcap 1.10.3, and -d of the same. */
const TCPDUMP =
  "20\n40 0 0 12\n21 0 6 34525\n48 0 0 20\n21 0 15 17\n40 0 0 54\n21 12 0 53\n40 0 0 56\n21 10 11 53\n21 0 10 2048\n" +
  "48 0 0 23\n21 0 8 17\n40 0 0 20\n69 6 0 8191\n177 0 0 14\n72 0 0 14\n21 2 0 53\n72 0 0 16\n21 0 1 53\n6 0 0 262144\n6 0 0 0";
const LISTING = `(000) ldh      [12]
(001) jeq      #0x86dd          jt 2	jf 8
(002) ldb      [20]
(003) jeq      #0x11            jt 4	jf 19
(004) ldh      [54]
(005) jeq      #0x35            jt 18	jf 6
(006) ldh      [56]
(007) jeq      #0x35            jt 18	jf 19
(008) jeq      #0x800           jt 9	jf 19
(009) ldb      [23]
(010) jeq      #0x11            jt 11	jf 19
(011) ldh      [20]
(012) jset     #0x1fff          jt 19	jf 13
(013) ldxb     4*([14]&0xf)
(014) ldh      [x + 14]
(015) jeq      #0x35            jt 18	jf 16
(016) ldh      [x + 16]
(017) jeq      #0x35            jt 18	jf 19
(018) ret      #262144
(019) ret      #0`;

test("programs are written as tcpdump writes them, and as the kernel reads them", () => {
  const program = parseBpfDecimal(TCPDUMP);
  assert.equal(formatBpf(program), LISTING);
  assert.equal(bpfDecimal(program), TCPDUMP);
  assert.deepEqual(verifyBpf(program), { ok: true });
  assert.equal(hexText(bpfBytes(program.slice(1, 2))), "15000006dd860000");
  assert.throws(() => parseBpfDecimal("2\n6 0 0 0"), TypeError);
  assert.throws(() => parseBpfDecimal("1\n6 0 0"), TypeError);
});

const WRONG: readonly [string, BpfProgram, RegExp, number][] = [
  ["nothing", [], /at least one/, 0],
  ["too many", Array.from({ length: 4_097 }, () => REJECT), /4096 are allowed/, 4_096],
  ["an unknown code", [one(0xff), REJECT], /no instruction 0xff/, 0],
  ["no end", [one(0x00)], /does not return/, 0],
  ["a jump too far", [one(0x15, 1, 0, 1), REJECT], /jump to 2/, 0],
  ["a ja too far", [one(0x05, 1), REJECT], /jump to 2/, 0],
  ["a jump that does not fit", [one(0x15, 1, 256, 0), REJECT], /255 fit/, 0],
  ["division by zero", [one(0x34, 0), REJECT], /division by zero/, 0],
  ["remainder by zero", [one(0x94, 0), REJECT], /division by zero/, 0],
  ["a shift by 32", [one(0x64, 32), REJECT], /shift/, 0],
  ["memory that is none", [one(0x02, 16), REJECT], /no M\[16\]/, 0],
  ["memory not written", [one(0x60, 3), REJECT], /read before/, 0],
  [
    "memory written on one of two ways",
    [one(0x15, 1, 0, 1), one(0x02, 3), one(0x60, 3), RETURN_A],
    /M\[3\] is read before/,
    2,
  ],
  ["an ancillary value that is none", [one(0x20, 0xffff_f000 + 64), REJECT], /ancillary value 64/, 0],
];

for (const [what, program, error, at] of WRONG)
  test(`the verifier finds ${what}`, () => {
    const verdict = verifyBpf(program);
    assert.ok(!verdict.ok);
    assert.match(verdict.error, error);
    assert.equal(verdict.at, at);
  });

test("memory that every way has written may be read", () => {
  const program = [one(0x15, 1, 0, 2), one(0x02, 3), one(0x05, 1), one(0x02, 3), one(0x60, 3), RETURN_A];
  assert.deepEqual(verifyBpf(program), { ok: true });
});

const PACKET = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a);
const load = (code: number, k = 0): BpfInstruction => one(code, k);

const RUNS: readonly [string, BpfProgram, number][] = [
  ["a word", [load(0x20, 1), RETURN_A], 0x3456_789a],
  ["a half behind the end", [load(0x28, 4), RETURN_A], 0],
  ["a byte with X", [one(0x01, 3), load(0x50, 1), RETURN_A], 0x9a],
  ["an offset that wraps", [one(0x01, 0xffff_ffff), load(0x50, 3), RETURN_A], 0x56],
  ["the length", [load(0x80), RETURN_A], 5],
  ["four times the low bits", [load(0xb1, 1), one(0x87), RETURN_A], 16],
  ["a sum that wraps", [one(0x00, 0xffff_ffff), one(0x04, 3), RETURN_A], 2],
  ["a product that wraps", [one(0x00, 0xffff_ffff), one(0x24, 3), RETURN_A], 0xffff_fffd],
  ["a difference below 0", [one(0x00, 1), one(0x14, 2), RETURN_A], 0xffff_ffff],
  ["division by X of 0", [one(0x00, 1), one(0x3c), one(0x06, 7)], 0],
  ["a shift by X", [one(0x00, 1), one(0x01, 33), one(0x6c), RETURN_A], 2],
  ["a comparison without sign", [one(0x00, 0xffff_ffff), one(0x25, 5, 0, 1), one(0x06, 1), REJECT], 1],
  ["a negation", [one(0x00, 1), one(0x84), RETURN_A], 0xffff_ffff],
  ["memory", [one(0x00, 9), one(0x02, 4), one(0x00, 0), one(0x61, 4), one(0x87), RETURN_A], 9],
  ["the VLAN tag", [load(0x20, 0xffff_f000 + 44), RETURN_A], 0x2005],
  ["that there is a tag", [load(0x20, 0xffff_f000 + 48), RETURN_A], 1],
  ["the packet's kind", [load(0x20, 0xffff_f000 + 4), RETURN_A], 4],
  ["A, of an interface that is none", [one(0x00, 9), load(0x20, 0xffff_f000 + 8), one(0x06, 7)], 9],
  ["A xor X", [one(0x00, 5), one(0x01, 6), load(0x20, 0xffff_f000 + 40), RETURN_A], 3],
  ["bytes from the link header", [load(0x30, 0xffe0_0000 + 2), RETURN_A], 0x56],
];

for (const [what, program, value] of RUNS)
  test(`running gives ${what}`, () => {
    assert.deepEqual(verifyBpf(program), { ok: true });
    const metadata = { vlanPresent: true, vlanTci: 0x2005, pktType: 4 };
    assert.equal(runBpf(program, PACKET, metadata), value);
  });
