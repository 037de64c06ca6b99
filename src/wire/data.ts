import { bytes } from "#packet/field.ts";
import { message } from "#packet/message.ts";

/** Bytes that no protocol claims. */
export const Data = message("data", {
  title: "Data",
  fields: { data: bytes("rest", { query: "data.data", title: "Data" }) },
  derived: { "data.len": { type: "number", title: "Length", value: "headerSize" } },
});
