import { checksumWords } from "./checksum.ts";
import {
  CAPACITY_BYTES_MAX,
  CAPACITY_BYTES_MIN,
  CAPACITY_WORD,
  FLAG_CHECKSUMS,
  FLAGS_WORD,
  FORMAT_VERSION,
  GENERATION_HIGH_WORD,
  GENERATION_LOW_WORD,
  HEADER_BYTES,
  isCapacity,
  MAGIC_HIGH,
  MAGIC_HIGH_WORD,
  MAGIC_LOW,
  MAGIC_LOW_WORD,
  STATIC_CHECKSUM_WORD,
  VERSION_WORD,
} from "./layout.ts";

/** What the static part of a header says about the memory it stands in. */
export type HeaderVerdict =
  | {
      readonly kind: "valid";
      readonly capacityBytes: number;
      readonly generationLow: number;
      readonly generationHigh: number;
      readonly isChecked: boolean;
    }
  | { readonly kind: "foreign"; readonly reason: string }
  | { readonly kind: "version"; readonly reason: string; readonly version: number }
  | { readonly kind: "damaged"; readonly reason: string };

/** Any constant but 0: a header of zeros must not carry its own checksum. */
const STATIC_CHECKSUM_SEED = 0x63617472;

/**
 * Writes the static part for an empty ring with a new random generation into zeroed memory.
 *
 * @throws RangeError if the capacity is not a power of two within the limits
 */
export function writeHeader(words: Int32Array, capacityBytes: number, isChecked: boolean): void {
  assertCapacity(capacityBytes);
  words[MAGIC_LOW_WORD] = MAGIC_LOW;
  words[MAGIC_HIGH_WORD] = MAGIC_HIGH;
  words[VERSION_WORD] = FORMAT_VERSION;
  words[CAPACITY_WORD] = capacityBytes;
  // Not on the array itself: getRandomValues refuses views of shared memory.
  const [low = 0, high = 0] = crypto.getRandomValues(new Int32Array(2));
  words[GENERATION_LOW_WORD] = low;
  words[GENERATION_HIGH_WORD] = high;
  words[FLAGS_WORD] = isChecked ? FLAG_CHECKSUMS : 0;
  words[STATIC_CHECKSUM_WORD] = checksumStaticPart(words);
}

/**
 * Judges the static part. The version is looked at before the checksum, because another version may lay
 * out everything behind the version word differently.
 *
 * @param memoryBytes length of the whole memory or file, which must be exactly header plus capacity
 */
export function inspectHeader(words: Int32Array, memoryBytes: number): HeaderVerdict {
  if (words[MAGIC_LOW_WORD] !== MAGIC_LOW || words[MAGIC_HIGH_WORD] !== MAGIC_HIGH) {
    return { kind: "foreign", reason: "it does not begin with the mark of a ring" };
  }
  const version = words[VERSION_WORD] ?? 0;
  if (version !== FORMAT_VERSION) {
    return {
      kind: "version",
      version,
      reason: `its format is ${version}, this program reads ${FORMAT_VERSION}`,
    };
  }
  if (words[STATIC_CHECKSUM_WORD] !== checksumStaticPart(words)) {
    return { kind: "damaged", reason: "the checksum of its header is wrong" };
  }
  const capacityBytes = words[CAPACITY_WORD] ?? 0;
  if (!isCapacity(capacityBytes)) {
    return { kind: "damaged", reason: `its header states an impossible capacity of ${capacityBytes} bytes` };
  }
  if (memoryBytes !== HEADER_BYTES + capacityBytes) {
    const expected = HEADER_BYTES + capacityBytes;
    return { kind: "damaged", reason: `it has ${memoryBytes} bytes where its header asks for ${expected}` };
  }
  return {
    kind: "valid",
    capacityBytes,
    generationLow: words[GENERATION_LOW_WORD] ?? 0,
    generationHigh: words[GENERATION_HIGH_WORD] ?? 0,
    isChecked: ((words[FLAGS_WORD] ?? 0) & FLAG_CHECKSUMS) !== 0,
  };
}

/** @throws RangeError with what was expected and what came */
export function assertCapacity(capacityBytes: number): void {
  if (isCapacity(capacityBytes)) return;
  throw new RangeError(
    `A ring's capacity is a power of two from ${CAPACITY_BYTES_MIN} to ${CAPACITY_BYTES_MAX} bytes, not ${capacityBytes}`,
  );
}

function checksumStaticPart(words: Int32Array): number {
  return checksumWords(STATIC_CHECKSUM_SEED, words, 0, STATIC_CHECKSUM_WORD);
}
