import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file that both versions need, and that is missing for a while. */
export class Outage implements Disposable {
  readonly file: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'cutover-demo-'))
  #timer: NodeJS.Timeout | undefined

  constructor() {
    this.file = join(this.#folder, 'needed')
    writeFileSync(this.file, '')
  }

  /** Removes the file after `delay` ms, for `length` ms, and longer until `isSeen`. */
  plan(delay: number, length: number, isSeen: () => boolean): void {
    const end = () => {
      if (isSeen()) writeFileSync(this.file, '')
      else this.#timer = setTimeout(end, length)
    }
    this.#timer = setTimeout(() => {
      rmSync(this.file)
      this.#timer = setTimeout(end, length)
    }, delay)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    rmSync(this.#folder, { recursive: true })
  }
}
