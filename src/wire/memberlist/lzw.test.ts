import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { crc32 } from "#base/checksum.ts";
import { compress, decompress } from "#wire/memberlist/lzw.ts";

const PLENTY = 1_000_000;

/** Inputs of several kinds, of which a program in Go makes the same. */
function input(kind: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if (kind === "random") bytes[i] = state >>> 24;
    else if (kind === "few") bytes[i] = state >>> 30;
    else if (kind === "text") bytes[i] = "the quick brown fox ".charCodeAt(i % 20);
    else if (kind === "two") bytes[i] = i & (i >>> 8);
  }
  return bytes;
}

/** Kind, bytes in, bytes out and their CRC-32, printed by Go 1.19.8: lzw.NewWriter(w, lzw.LSB, 8). */
const GO = `
  random 1 4 19658dde
  random 2 5 55ee1298
  random 3 6 d74357d0
  random 255 288 de52ad1c
  random 256 290 55f4a429
  random 257 291 d82cd8f3
  random 3836 5239 a79b45bc
  random 3837 5240 312442c5
  random 3838 5242 b019a823
  random 3839 5243 29c1506e
  random 3840 5245 327cfb73
  random 4000 5461 4464ff68
  random 10000 13525 25510b7a
  random 100000 136852 eaa93934
  random 300000 410830 bda4fb09
  few 1 4 4387b436
  few 2 5 bf953a9e
  few 3 6 4893be01
  few 255 128 b983ef59
  few 256 129 052fb7dd
  few 257 129 2479c07c
  few 3836 1267 6e8fa2a4
  few 3837 1267 d29baeea
  few 3838 1267 70efbf8d
  few 3839 1267 dc88ff52
  few 3840 1267 1d623faa
  few 4000 1315 ffdd2bbe
  few 10000 3088 8e4a7584
  few 100000 29876 53d107be
  few 300000 89376 82df84ac
  zero 1 4 4387b436
  zero 2 5 b89c9242
  zero 3 5 d2e306fe
  zero 255 29 7a9b91dc
  zero 256 29 97c227e7
  zero 257 29 78dd2f85
  zero 3836 102 3f369679
  zero 3837 102 3ef4fc4e
  zero 3838 102 3cb24217
  zero 3839 102 3d702820
  zero 3840 102 383f3ea5
  zero 4000 103 8707c68a
  zero 10000 161 f2508c41
  zero 100000 530 2f32f651
  zero 300000 941 8913876f
  text 1 4 e476352e
  text 2 5 6b3497b4
  text 3 6 92a93191
  text 255 105 c3b835f9
  text 256 105 27b0bc48
  text 257 105 567fd663
  text 3836 448 ba33f478
  text 3837 448 13d124d8
  text 3838 448 ac6e736a
  text 3839 448 9688fa5c
  text 3840 448 f57262bf
  text 4000 458 4ad52d9f
  text 10000 750 6d7ce7d1
  text 100000 2636 e70077e6
  text 300000 4834 3e7aa734
  two 1 4 4387b436
  two 2 5 b89c9242
  two 3 5 d2e306fe
  two 255 29 7a9b91dc
  two 256 29 97c227e7
  two 257 29 78dd2f85
  two 3836 822 de25d7e3
  two 3837 823 aa31506c
  two 3838 823 1cf6da1e
  two 3839 823 3a36f058
  two 3840 823 40bd5467
  two 4000 866 f79d7c5f
  two 10000 2176 373a77dd
  two 100000 28694 32ce4bd1
  two 300000 87894 f01a1f85
`;

test("the encoder writes the very bytes of Go's", () => {
  for (const line of GO.trim().split("\n")) {
    const [kind, length, size, crc] = line.trim().split(" ");
    const original = input(kind!, Number(length));
    const compressed = compress(original);
    assert.equal(compressed.length, Number(size), line);
    assert.equal(crc32(compressed), Number.parseInt(crc!, 16), line);
    const back = decompress(compressed, original.length);
    assert.ok(back.ok && Buffer.compare(back.bytes, original) === 0, line);
  }
});

test("what is compressed comes back", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    fc.array(fc.constantFrom(0, 1, 255), { maxLength: 9_000 }).map((each) => Uint8Array.from(each)),
  );
  fc.assert(
    fc.property(bytes, (original) => {
      const back = decompress(compress(original), original.length);
      assert.ok(back.ok);
      assert.deepEqual(back.bytes, original);
    }),
  );
});

test("any bytes end, with an error or with bytes within the limit", () => {
  const limit = 5_000;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => {
      const result = decompress(bytes, limit);
      if (result.ok) {
        assert.ok(result.bytes.length <= limit);
        assert.ok(result.bytes.buffer.byteLength <= 2 * limit);
      } else assert.notEqual(result.error, "");
    }),
    { numRuns: 1_000 },
  );
});

test("a decompression bomb stops at the limit", () => {
  const bomb = compress(new Uint8Array(50_000_000));
  assert.ok(bomb.length < 50_000);
  assert.deepEqual(decompress(bomb, PLENTY), {
    ok: false,
    error: "more than 1000000 bytes when decompressed",
  });
});

test("what is cut off, and codes that nothing defined, are errors", () => {
  const compressed = compress(Uint8Array.of(1, 2, 3, 1, 2, 3, 1, 2, 3));
  for (let cut = 0; cut < compressed.length - 1; cut++)
    assert.deepEqual(decompress(compressed.subarray(0, cut), PLENTY), {
      ok: false,
      error: "compressed bytes without an end code",
    });
  // Clear, then 300: nothing is defined yet.
  const result = decompress(Uint8Array.of(0x00, 0x59, 0x02, 0x00), PLENTY);
  assert.deepEqual(result, { ok: false, error: "the compression code 300 means nothing yet" });
  assert.deepEqual(decompress(compress(new Uint8Array(0)), 0), { ok: true, bytes: new Uint8Array(0) });
});
