import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import { fixture } from './fixture.js'

/**
 * The bytes of the heap that are not code. V8 compiles for many minutes, and keeps the reasons for each deoptimisation. A
 * child process counts, so that counting leaves nothing on this heap.
 */
export function bytesOfObjects(): number {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    const file = writeHeapSnapshot(join(folder, 'snapshot'))
    return Number(execFileSync(process.execPath, [fixture('objectsIn').pathname, file], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
