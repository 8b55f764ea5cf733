/** The context and the events of the fleet machine, and the pure queries and updates on them. */

/** The version that a node has to run, by the record of its fleet. */
export interface Assignment {
  /** Identifies it: a node carries out each key once. */
  readonly key: string
  /** Canonical SemVer. */
  readonly version: string
  /**
   * `candidate`: the wave of the node is open; `permanent`: the version that has proved itself in the fleet; `back`: the fleet was
   * halted, and goes back.
   */
  readonly role: 'candidate' | 'permanent' | 'back'
  /** How long the version before it stays as standby, in ms; null: as long as the node's own plan says. */
  readonly soak: number | null
  /** Whether no node may begin. */
  readonly isPaused: boolean
}

/** The last entry that the node wrote about itself, before its process ended or its connection was lost. */
export interface LastReport {
  /** The assignment that it is about; null if there was none. */
  readonly key: string | null
  /** The state of the node. */
  readonly state: 'settled' | 'moving' | 'proven' | 'failed'
  /** How often the node has begun to carry it out. */
  readonly tries: number
  /** Why it failed; null if it did not. */
  readonly reason: string | null
}

/** The context of the fleet machine, as plain JSON. */
export interface FleetContext {
  /** The assignment of the node; null before the first record. */
  readonly assignment: Assignment | null
  /** The assignment that it carries out, or has tried last. */
  readonly attempt: Assignment | null
  /** How often it has begun that, in all processes of this node. */
  readonly tries: number
  /** The number of the move under way; a later move takes the place of an earlier one. */
  readonly move: number
  /** The version that the move under way goes to; null if none is. */
  readonly underWay: string | null
  /** The version that has proved itself on this node; null if none has. */
  readonly version: string | null
  /** Why the node does not run what it should, or why it left. */
  readonly reason: string | null
  /** Why the record of the fleet was refused; null if the newest one is in force. */
  readonly refused: string | null
  /** The last entry of an earlier process of this node. */
  readonly last: LastReport | null
}

/** The events of the fleet machine, sent by its user, by the record of the fleet and by its own effects. */
export type FleetEvent =
  /** The node is registered, and has read the record. */
  | {
      readonly type: 'joined'
      readonly assignment: Assignment | null
      readonly version: string | null
      readonly last: LastReport | null
    }
  /** The record has changed. */
  | { readonly type: 'assigned'; readonly assignment: Assignment }
  /** The record cannot be read. */
  | { readonly type: 'refused'; readonly why: string }
  /** The fleet knows that the node begins. */
  | { readonly type: 'announced'; readonly key: string }
  /** The version stays. */
  | { readonly type: 'moved'; readonly move: number; readonly version: string | null }
  /** The version does not stay. */
  | { readonly type: 'failed'; readonly move: number; readonly version: string | null; readonly why: string }
  /** `forget`: the fleet does not count this node any more. */
  | { readonly type: 'leave'; readonly forget: boolean }
  /** Another process has joined under the name of this node. */
  | { readonly type: 'replaced'; readonly why: string }
  /** The effect of `leaving` is done. */
  | { readonly type: 'left' }

export const INITIAL_FLEET: FleetContext = {
  assignment: null,
  attempt: null,
  tries: 0,
  move: 0,
  underWay: null,
  version: null,
  reason: null,
  refused: null,
  last: null,
}

/** A candidate is tried once: a process that ends meanwhile counts as a failure. Others are tried this often. */
const MAX_TRIES = 3

/** The assignment. The machine has one in every state that carries it out. */
function assignmentOf({ assignment }: FleetContext): Assignment {
  if (assignment === null) throw new Error('The fleet machine needs an assignment in this state, and there is none.')
  return assignment
}

/** Whether the last report of an earlier process is about the assignment. */
function isContinued({ assignment, attempt, last }: FleetContext): boolean {
  return attempt === null && assignment !== null && last !== null && last.key === assignment.key
}

/** Whether an earlier process of this node has ended too often while it carried out the assignment. */
export function wasInterrupted(context: FleetContext): boolean {
  const { assignment, last } = context
  if (!isContinued(context) || last?.state !== 'moving') return false
  return last.tries >= (assignment?.role === 'candidate' ? 1 : MAX_TRIES)
}

/** Whether an earlier process of this node has failed to carry out the assignment. */
export function hadFailed(context: FleetContext): boolean {
  return isContinued(context) && context.last?.state === 'failed'
}

/** Whether an earlier process of this node has carried out the assignment, and the version is still here. */
export function hadProved(context: FleetContext): boolean {
  return isContinued(context) && context.last?.state === 'proven' && context.version === context.assignment?.version
}

/** Whether the node has to go elsewhere than it is, or is on its way to. */
function isElsewhere({ assignment, underWay, version }: FleetContext): boolean {
  return assignment !== null && assignment.version !== (underWay ?? version)
}

function isNew({ assignment, attempt }: FleetContext): boolean {
  return assignment !== null && assignment.key !== attempt?.key
}

/** Whether the node may begin as a candidate. Also if it runs the version already: then it says so. */
export function mustAnnounce(context: FleetContext): boolean {
  const { assignment } = context
  return isNew(context) && assignment?.role === 'candidate' && !assignment.isPaused
}

/** Whether the node has to go to what is permanent in the fleet. */
export function mustMove(context: FleetContext): boolean {
  return isNew(context) && context.assignment?.role !== 'candidate' && isElsewhere(context)
}

/** Whether another assignment takes the place of the one that is announced. */
export function isOverruled({ attempt }: FleetContext, { key, isPaused }: Assignment): boolean {
  return key !== attempt?.key || isPaused
}

/** Whether another assignment takes the place of the one that is carried out. The same version goes on in another role. */
export function isRedirected({ attempt, underWay }: FleetContext, { key, version }: Assignment): boolean {
  return key !== attempt?.key && version !== underWay
}

/** Whether a move has ended whose place another assignment has taken, with the same version. */
export function isOutdated({ assignment, attempt }: FleetContext): boolean {
  return assignment?.key !== attempt?.key
}

/** Whether another assignment takes the place of the one that was carried out. */
export function isReplaced({ attempt, version: own }: FleetContext, { key, version, role }: Assignment): boolean {
  return key !== attempt?.key && (role === 'candidate' || version !== own)
}

/** The changes of the context when the node begins with its assignment. */
export function begun(context: FleetContext): Partial<FleetContext> {
  const { assignment, last } = context
  const tries = isContinued(context) && last?.state === 'moving' ? last.tries : 0
  return { attempt: assignment, tries: tries + 1, reason: null }
}

/** The changes of the context when an earlier process has carried out the assignment, well or not. */
export function skipped({ assignment, last }: FleetContext): Partial<FleetContext> {
  return { attempt: assignment, tries: last?.tries ?? 0, reason: null }
}

/** The changes of the context when an earlier process has ended while it carried out the assignment. */
export function interrupted(context: FleetContext): Partial<FleetContext> {
  return { reason: `The process of the node ended while it moved to ${assignmentOf(context).version}.` }
}

/** The changes of the context when a move begins. */
export function moving(context: FleetContext): Partial<FleetContext> {
  return { move: context.move + 1, underWay: assignmentOf(context).version }
}

/** One move, as an effect. */
export interface Move {
  /** The number of the move, with which `moved` and `failed` answer. */
  readonly move: number
  /** The version to move to, and how. */
  readonly assignment: Assignment
}

export function moveOf(context: FleetContext): Move {
  return { move: context.move, assignment: assignmentOf(context) }
}

/** Whether a version that has not proved itself in the fleet is under way. */
export function hasCandidate({ attempt, underWay }: FleetContext): boolean {
  return underWay !== null && attempt?.role === 'candidate'
}
