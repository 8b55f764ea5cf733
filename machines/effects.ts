/** How a machine names its effects: what the owner of its actor has to do, once all machines have come to rest. */

/** An action that XState runs; its implementation is the owner's to provide. */
export type EffectAction<Params> = (args: unknown, params: Params) => void

/** The effects of one machine, by name. */
// biome-ignore lint/suspicious/noExplicitAny: the parameters differ from effect to effect
export type EffectTable = Readonly<Record<string, EffectAction<any>>>

type ParamsOf<Action> = Action extends EffectAction<infer Params> ? Params : never

/** The union of a table's effects as plain data: `{ type: 'startHost' } | { type: 'setGate', version, gate } | …`. */
export type EffectOf<Table extends EffectTable> = {
  readonly [Type in keyof Table & string]: { readonly type: Type } & (ParamsOf<Table[Type]> extends undefined
    ? unknown
    : Readonly<ParamsOf<Table[Type]>>)
}[keyof Table & string]

/** Declares one effect, and which parameters the machine gives it. */
export function effect<Params extends object | undefined = undefined>(): EffectAction<Params> {
  return () => {}
}

/**
 * Declares the effects of a machine, as actions for `setup()`. Until an owner provides them, each throws and names itself,
 * so that none is forgotten silently.
 */
export function declareEffects<Table extends EffectTable>(table: Table): Table {
  const actions = Object.keys(table).map(type => {
    const message = `Effect "${type}" is not provided: supply it with machine.provide({ actions: { ${type} } }).`
    const action = () => {
      throw new Error(message)
    }
    return [type, action] as const
  })
  return Object.fromEntries(actions) as unknown as Table
}
