import { CutoverError, describe, MAIN_COMPONENT } from '../contract/index.js'

const OTHER_COMPONENT = /^rofl\.[A-Za-z0-9_-]{3,128}$/

/** @throws CutoverError `CUTOVER_NO_SUCH_COMPONENT` if it is neither `ronl` nor `rofl.NAME` */
export function validComponent(id: string): string {
  if (id === MAIN_COMPONENT || (typeof id === 'string' && OTHER_COMPONENT.test(id))) return id
  const rule = '"ronl", or "rofl." with a name of 3 to 128 letters, digits, "_" and "-"'
  throw new CutoverError('CUTOVER_NO_SUCH_COMPONENT', `A component is ${rule}, got ${describe(id)}.`)
}

export function noSuchComponent(id: string): CutoverError {
  const message = `The composite has no component ${describe(id)}. The first addVersion() of a component makes it.`
  return new CutoverError('CUTOVER_NO_SUCH_COMPONENT', message)
}
