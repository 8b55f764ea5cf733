import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Terminates a child, and waits until it has exited. */
export async function killed(child: ChildProcess): Promise<void> {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
