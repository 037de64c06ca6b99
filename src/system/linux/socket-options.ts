import { OperatorError } from "#base/operator-error.ts";
import { ERRNO, type Native } from "#system/linux/native.ts";

/** Sets an option that is one number; false when the kernel refuses, and then `native.errno()` says why. */
export function setOption(
  native: Native,
  descriptor: number,
  level: number,
  name: number,
  value: number,
): boolean {
  return setBytes(native, descriptor, level, name, new Uint8Array(Int32Array.of(value).buffer));
}

export function setBytes(
  native: Native,
  descriptor: number,
  level: number,
  name: number,
  value: Uint8Array,
): boolean {
  return native.setsockopt(descriptor, level, name, value, value.length) === 0;
}

/** Reads an option into `value`; false when the kernel refuses. */
export function getBytes(
  native: Native,
  descriptor: number,
  level: number,
  name: number,
  value: Uint8Array,
): boolean {
  const length = new Uint8Array(Int32Array.of(value.length).buffer);
  return native.getsockopt(descriptor, level, name, value, length) === 0;
}

/** The error that waits on a socket, 0 for none; asking takes it away. */
export function takeError(native: Native, descriptor: number): number {
  const value = new Int32Array(1);
  getBytes(native, descriptor, SOL_SOCKET, SO_ERROR, new Uint8Array(value.buffer));
  return value[0]!;
}

/** Room for what has come and nobody has read yet: beyond the system's limit where that is permitted. */
export function setReceiveBuffer(native: Native, descriptor: number, bytes: number): void {
  if (setOption(native, descriptor, SOL_SOCKET, SO_RCVBUFFORCE, bytes)) return;
  setOption(native, descriptor, SOL_SOCKET, SO_RCVBUF, bytes);
}

/** Room for what has been sent and has not left yet. */
export function setSendBuffer(native: Native, descriptor: number, bytes: number): void {
  if (setOption(native, descriptor, SOL_SOCKET, SO_SNDBUFFORCE, bytes)) return;
  setOption(native, descriptor, SOL_SOCKET, SO_SNDBUF, bytes);
}

/** The number of an interface. Throws OperatorError when there is none of that name. */
export function interfaceIndex(native: Native, name: string): number {
  const index = native.if_nametoindex(zeroEnded(name));
  if (index === 0) throw noInterface(name);
  return index;
}

export function noInterface(name: string): OperatorError {
  return new OperatorError(`there is no interface ${name}`, "ip link shows the names of all");
}

export function interfaceGone(name: string): OperatorError {
  return new OperatorError(`the interface ${name} is gone`, "open it again when ip link shows it");
}

/** A text as C has it. */
export function zeroEnded(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

/** Why a socket (`what`: "a packet socket on eth0") was not to be had. */
export function refused(what: string, errno: number): Error {
  if (errno === ERRNO.EPERM) {
    return new OperatorError(
      `cannot open ${what}: this needs the capability CAP_NET_RAW`,
      "run it as root, or as a systemd service with AmbientCapabilities=CAP_NET_RAW " +
        "(setcap on node would give it to every script)",
    );
  }
  if (errno === ERRNO.ENOMEM || errno === ERRNO.ENOBUFS) {
    return new OperatorError(
      `cannot open ${what}: the kernel has no memory for it`,
      "ask for a smaller buffer",
    );
  }
  return new Error(`cannot open ${what}: system error ${errno}`);
}

export const SOL_SOCKET = 1;
export const SOL_PACKET = 263;
export const SO_TIMESTAMPNS = 35;
export const SO_BINDTODEVICE = 25;
export const SO_PRIORITY = 12;
const [SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_SNDBUFFORCE, SO_RCVBUFFORCE] = [4, 7, 8, 32, 33];

export const AF_INET = 2;
export const AF_PACKET = 17;
export const SOCK_RAW = 3;
/** SOCK_NONBLOCK and SOCK_CLOEXEC. */
export const SOCK_FLAGS = 0x800 | 0x8_0000;
