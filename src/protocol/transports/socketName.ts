import { readlinkSync, rmdirSync, unlinkSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** The environment variable that tells a guest where to connect to, unless its host names another. */
export const HOST_VARIABLE = 'CUTOVER_HOST'

/** `cutover-<pid>-<pid namespace>-<random>`, where mkdtemp adds the last part. */
const NAME = /^cutover-(\d+)-(\w+)-\w{6}$/

/** A host of this library that has launched a guest. */
export interface LaunchingHost {
  readonly pid: number
  /** The pid means nothing in another one. */
  readonly namespace: string
}

/** What the directory of a socket begins with: it tells whose it is. */
export function socketPrefix(): string {
  return `cutover-${process.pid}-${pidNamespace()}-`
}

/** Whose directory it is, by its name; undefined when it is none of this library. */
export function hostNamedIn(directory: string): LaunchingHost | undefined {
  const [, pid, namespace] = NAME.exec(directory) ?? []
  return pid === undefined || namespace === undefined ? undefined : { pid: Number(pid), namespace }
}

/**
 * The host that has launched this process as the leader of a group, or below one, by the path of its socket; undefined
 * when somebody else has started it.
 */
export function launchingHost(socketPath: string): LaunchingHost | undefined {
  return hostNamedIn(basename(dirname(socketPath)))
}

/** Removes a socket and the directory that it is in; nothing else, so that only what we have made goes. Never throws. */
export function removeSocket(socketPath: string): void {
  try {
    unlinkSync(socketPath)
  } catch {}
  try {
    rmdirSync(dirname(socketPath))
  } catch {}
}

/** Containers may share a directory, and then a pid of one says nothing in the other. */
export function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0'
  } catch {
    return '0'
  }
}
