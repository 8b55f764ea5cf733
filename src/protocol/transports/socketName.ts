import { readlinkSync, rmdirSync, unlinkSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** The default environment variable for the path of the host's socket. */
export const HOST_VARIABLE = 'CUTOVER_HOST'

/** `cutover-<pid>-<pid namespace>-<random>`; mkdtemp() adds the last part. */
const NAME = /^cutover-(\d+)-(\w+)-\w{6}$/

/** The process of a host, as named by its socket directory. */
export interface LaunchingHost {
  readonly pid: number
  /** The pid namespace. The pid is valid only in it. */
  readonly namespace: string
}

/** The prefix of this process's socket directories. It identifies their owner. */
export function socketPrefix(): string {
  return `cutover-${process.pid}-${pidNamespace()}-`
}

/** Returns the owner of a socket directory, or `undefined` for any other directory. */
export function hostNamedIn(directory: string): LaunchingHost | undefined {
  const [, pid, namespace] = NAME.exec(directory) ?? []
  return pid === undefined || namespace === undefined ? undefined : { pid: Number(pid), namespace }
}

/** Returns the host that launched this process, by the path of its socket, or `undefined` if another program did. */
export function launchingHost(socketPath: string): LaunchingHost | undefined {
  return hostNamedIn(basename(dirname(socketPath)))
}

/** Removes a socket, and its directory if that is empty then. Never throws. */
export function removeSocket(socketPath: string): void {
  try {
    unlinkSync(socketPath)
  } catch {}
  try {
    rmdirSync(dirname(socketPath))
  } catch {}
}

/** Returns the pid namespace: containers that share a temporary directory have different ones. */
export function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}
