/** A default for an action that the shell must supply with `machine.provide()`: an effect is never forgotten silently. */
export function notProvided<Params = undefined>(action: string): (args: unknown, params: Params) => void {
  return () => {
    throw new Error(`Action "${action}" is not provided: supply it with machine.provide({ actions: { ${action} } }).`)
  }
}
