/** The packet toolkit: declare protocols, build and dissect packets, ask queries, read and write capture files. */
export { build, emit, givenLayers, layer, type GivenLayer } from "#packet/build.ts";
export type { Codec, CodecResult, Fact, FactType, FactValue } from "#packet/codec.ts";
export { Packet, type Layer, type PacketOptions } from "#packet/dissect.ts";
export { exchangeDot } from "#packet/exchange/dot.ts";
export {
  machine,
  responder,
  type Action,
  type ExchangeContext,
  type ExchangeDefinition,
  type PacketAction,
  type Replies,
  type Reply,
  type State,
  type Transition,
} from "#packet/exchange/definition.ts";
export {
  Exchange,
  type ExchangeCounts,
  type ExchangeInput,
  type ExchangeOutput,
} from "#packet/exchange/exchange.ts";
export { runOverCapture, type TimedOutput } from "#packet/exchange/over-capture.ts";
export { sendAndReceive, type SendAndReceiveOptions } from "#packet/exchange/send-and-receive.ts";
export { factsOf, type PacketFact } from "#packet/facts.ts";
export * from "#packet/field.ts";
export {
  CaptureReader,
  type CaptureBlock,
  type CaptureInterface,
  type CaptureOption,
  type CaptureProblem,
} from "#packet/file/capture-reader.ts";
export { capturedPackets, capturedPacketsOf, type CapturedPacket } from "#packet/file/packets.ts";
export { PcapWriter } from "#packet/file/pcap-writer.ts";
export { PcapngWriter } from "#packet/file/pcapng-writer.ts";
export {
  message,
  type Fields,
  type Given,
  type Message,
  type Values,
  type ValuesOf,
} from "#packet/message.ts";
export { parse, type Parsed } from "#packet/parse.ts";
export type { Problem } from "#packet/problem.ts";
export type { QueryField } from "#packet/query-field.ts";
export type { Frame } from "#packet/query/frame.ts";
export { QueryError } from "#packet/query/query-error.ts";
export { QuerySet } from "#packet/query/query-set.ts";
export { query, Query, type Matcher, type QueryValue } from "#packet/query/query.ts";
export { randomValues } from "#packet/random-values.ts";
export { Registry } from "#packet/registry.ts";
export { packetTree, type TreeLine } from "#packet/show.ts";
