import assert from 'node:assert/strict'
import { placedVersions } from '../../../machines/index.js'
import type { BufferedRuntime } from './bufferedRuntime.js'
import type { ModelState } from './steps.js'

/** Rule 31: each runtime in place knows its role, and knew one before its first call. */
export function assertRoles({ context }: ModelState, runtimeOf: (version: string) => BufferedRuntime): void {
  for (const { version, role, isUp } of placedVersions(context)) {
    const { roles, callsWithoutRole } = runtimeOf(version)
    const told = roles.length === 0 && !isUp ? role : roles.at(-1)
    assert.equal(told, role, `Version ${version} was told another role than it has:`)
    assert.equal(callsWithoutRole, 0, `Version ${version} got a call before it was told its role.`)
  }
}
