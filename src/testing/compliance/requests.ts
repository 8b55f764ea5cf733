/** What the compliance module is asked to do: plain values, so that a module in any language understands them. */
export type ComplianceRequest =
  /** Answers with `value`, after `delay` ms. */
  | { readonly op: 'echo'; readonly value: unknown; readonly delay?: number }
  /** Answers `'interrupted'` when the signal of the call fires, or when the module is aborted; until then it stays. */
  | { readonly op: 'wait' }
  /** Never answers, whatever fires. */
  | { readonly op: 'hang' }
  /** Ends the process (by `signal`, where one is given) or the worker at once. */
  | { readonly op: 'crash'; readonly signal?: 'SIGKILL' }
  /** Fails with an error of this name, code and message, of these further properties, and with a cause of this message. */
  | {
      readonly op: 'fail'
      readonly name: string
      readonly code: string
      readonly message: string
      readonly details: Readonly<Record<string, unknown>>
      readonly cause: string
    }
  /** Answers with {@link ComplianceCounts}: at once, or as soon as the counts named in `when` are these. */
  | { readonly op: 'seen'; readonly when?: Partial<ComplianceCounts> }
  /** Asks the host, and answers with what the host answers. */
  | { readonly op: 'ask'; readonly request: unknown }

/** What the compliance module has seen since it was last started. */
export interface ComplianceCounts {
  /** Calls that wait or hang now. */
  readonly waiting: number
  /** Calls that were interrupted. */
  readonly interrupted: number
  /** How often the module itself was asked to interrupt its work. */
  readonly aborts: number
}

/** What the compliance module finds in its `localConfig`. */
export interface ComplianceLocalConfig {
  /** How long its start takes, in ms. It ends early when the module is to stop. */
  readonly startDelay?: number
  /** Its start fails as long as there is a file at this path. */
  readonly failWhile?: string
}
