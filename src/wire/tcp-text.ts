import type { FlagValues } from "#packet/field.ts";
import { byteCount } from "#wire/names.ts";

type FlagName = "accurateEcn" | "cwr" | "ece" | "urg" | "ack" | "psh" | "rst" | "syn" | "fin";

/** In the order in which people say them. */
const FLAG_TEXTS: readonly (readonly [FlagName, string])[] = [
  ["syn", "SYN"],
  ["fin", "FIN"],
  ["rst", "RST"],
  ["psh", "PSH"],
  ["ack", "ACK"],
  ["urg", "URG"],
  ["ece", "ECE"],
  ["cwr", "CWR"],
  ["accurateEcn", "AE"],
];

interface Segment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: FlagValues<FlagName>;
  readonly window: number;
  readonly urgentPointer: number;
  readonly options: readonly { readonly kind: number; readonly data: unknown }[];
}

/** "443 → 51000 SYN ACK, seq 100, ack 201, window 65535, 0 bytes, MSS 1460". */
export function tcpText(segment: Segment, payloadSize: number): string {
  const { sourcePort, destinationPort, sequence, acknowledgment, flags, window, urgentPointer } = segment;
  const names = FLAG_TEXTS.filter(([name]) => flags[name]).map(([, text]) => text);
  const parts = [
    `${sourcePort} → ${destinationPort} ${names.join(" ") || "no flags"}`,
    `seq ${sequence}`,
    ...(flags.ack ? [`ack ${acknowledgment}`] : []),
    `window ${window}`,
    ...(flags.urg ? [`urgent ${urgentPointer}`] : []),
    byteCount(payloadSize),
    ...segment.options.map(({ kind, data }) => optionText(kind, data)).filter((each) => each !== ""),
  ];
  return parts.join(", ");
}

interface OptionData {
  readonly maximum: number;
  readonly shift: number;
  readonly value: number;
  readonly echo: number;
  readonly blocks: readonly { readonly left: number; readonly right: number }[];
}

/** An option that says something of the connection or of lost segments; "" for others and for those that are wrong. */
function optionText(kind: number, data: unknown): string {
  if (kind === 4) return "SACK permitted";
  if (kind === 19) return "MD5";
  if (kind === 29) return "AO";
  if (kind === 30) return "multipath";
  if (kind === 34) return "fast open";
  if (typeof data !== "object" || data instanceof Uint8Array) return "";
  const { maximum, shift, value, echo, blocks } = data as OptionData;
  if (kind === 2) return `MSS ${maximum}`;
  if (kind === 3) return `window scale ${shift}`;
  if (kind === 8) return `TSval ${value}, TSecr ${echo}`;
  if (kind !== 5) return "";
  return blocks.length === 0 ? "" : `SACK ${blocks.map(({ left, right }) => `${left}-${right}`).join(" ")}`;
}
