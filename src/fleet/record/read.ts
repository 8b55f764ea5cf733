/** The result of reading a record: its value, or why it is refused. `isLater`: a later release has written it. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string; readonly isLater: boolean }
