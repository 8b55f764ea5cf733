import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const elk = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('elkjs/package.json'), 'utf8'))

/** Stands at the head of the script, wherever that is copied to. */
export const BANNER = `/*!
 * The page of cutover's inspector (Apache-2.0). Contains elkjs ${elk.version} (EPL-2.0) and preact (MIT), among others.
 * Source code of elkjs: https://github.com/kieler/elkjs. All licences: licenses.md beside this file.
 */`

/** The notice that section 3.1 of the EPL demands of those who distribute a program in another form than source code. */
const NOTICE = `# Source code of elkjs

The inspector's page contains elkjs ${elk.version}, unchanged, under the Eclipse Public License 2.0. The source code of elkjs is
available under that licence:

- elkjs: https://github.com/kieler/elkjs, and the npm package elkjs@${elk.version}
- the Eclipse Layout Kernel, from which elkjs is compiled: https://github.com/eclipse-elk/elk

`

/** Puts the notice before the licences, in the file that Vite has written. */
export function sourceNotice(fileName) {
  return {
    name: 'source-notice',
    async writeBundle({ dir }) {
      const file = join(dir, fileName)
      await writeFile(file, NOTICE + (await readFile(file, 'utf8')))
    },
  }
}
