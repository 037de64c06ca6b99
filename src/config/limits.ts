/**
 * Bytes of one configuration file: thousands of peers fit, and a wrong path (a log, a disk image) is refused
 * at once.
 */
export const MAXIMUM_FILE_SIZE = 1_048_576;

/**
 * Maps and lists inside each other: the deepest section needs six, and no reader of the tree can overflow the
 * stack.
 */
export const MAXIMUM_DEPTH = 32;

/**
 * Values of one file with its aliases written out: a few lines of aliases of aliases could stand for
 * billions.
 */
export const MAXIMUM_VALUES = 200_000;
