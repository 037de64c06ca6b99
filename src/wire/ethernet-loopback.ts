import { list, mac, u16, when } from "#packet/field.ts";
import { message, type Finder, type ValuesOf } from "#packet/message.ts";

const FORWARD = 2;

/** One step of the frame's way: back to whoever sent it, or on to an address. */
const Step = message("loop.step", {
  prefix: "loop",
  fields: {
    function: u16(1, { order: "little", names: { 1: "reply", [FORWARD]: "forward data" } }),
    forwardingAddress: when("function == 2", mac()),
    receiptNumber: when("function == 1", u16(0, { order: "little" })),
  },
});

/** The function of the step that comes next: the one to which the skip count points. */
const findRelevant: Finder = (packet, layer) => {
  const { skipCount, steps } = layer.values as {
    skipCount?: number;
    steps?: readonly ValuesOf<typeof Step>[];
  };
  let at = layer.start + 2;
  const wanted = at + (skipCount ?? 0);
  for (const { function: value } of steps ?? []) {
    if (at === wanted && at + 2 <= packet.captured) return { value, start: at, end: at + 2 };
    at += value === FORWARD ? 8 : 4;
  }
  return undefined;
};

/** Ethernet's own echo: a frame that stations send around and back, to test the way. Ethernet 2.0, chapter 8. */
export const EthernetLoopback = message("loop", {
  title: "Configuration Test Protocol (loopback)",
  rfc: "Ethernet 2.0",
  fields: {
    skipCount: u16(0, { order: "little", query: ".skipcount" }),
    steps: list(Step, { until: "function != 2" }),
  },
  on: { ethertype: 0x9000 },
  info({ skipCount, steps }) {
    const ways = steps.map(({ function: kind, forwardingAddress, receiptNumber }) => {
      if (kind === FORWARD) return `forward to ${forwardingAddress}`;
      return kind === 1 ? `reply, receipt ${receiptNumber}` : `function ${kind}`;
    });
    return `${ways.join(", ")}${skipCount > 0 ? `, ${skipCount} bytes done` : ""}`;
  },
  derived: { "loop.relevant_function": { type: "number", title: "Next function", value: findRelevant } },
});
