import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeHeapSnapshot } from 'node:v8'
import { subject } from './subject.js'

/**
 * Bytes of the heap that are not code: V8 goes on compiling for many minutes, and remembers why it gave up what it had
 * compiled. Counted in another process, so that the counting leaves nothing behind here.
 */
export function bytesOfObjects(): number {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    const file = writeHeapSnapshot(join(folder, 'snapshot'))
    return Number(execFileSync(process.execPath, [subject('objectsIn').pathname, file], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
