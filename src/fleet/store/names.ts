/** The names of fleets and nodes, and of what belongs to a fleet on NATS. */
import { invalidOption } from '../../contract/index.js'

const FLEET = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/
const NODE = /^(?=.{1,128}$)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function fleetName(value: unknown): string {
  if (typeof value === 'string' && FLEET.test(value)) return value
  throw invalidOption('fleet', '1 to 64 letters, digits and "-", the first one no "-"', value)
}

/** @throws CutoverError `CUTOVER_INVALID_OPTION` */
export function nodeName(value: unknown): string {
  if (typeof value === 'string' && NODE.test(value)) return value
  throw invalidOption('node', '1 to 128 letters, digits, "_" and "-", in parts divided by "."', value)
}

/** The key of the record in its bucket. */
export const WANTED = 'wanted'

/** The bucket of the record. It keeps as many revisions as NATS allows. */
export function recordBucket(fleet: string): string {
  return `cutover_${fleet}`
}

/** The bucket of the nodes, with one key for each. */
export function nodesBucket(fleet: string): string {
  return `cutover_${fleet}_nodes`
}

/** The subject of the heartbeats of a node; without one, of all. */
export function beatSubject(fleet: string, node = '>'): string {
  return `cutover.${fleet}.beat.${node}`
}
