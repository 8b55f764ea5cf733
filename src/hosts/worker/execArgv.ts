import { Worker } from 'node:worker_threads'
import { asError, CutoverError, strings } from '../../contract/index.js'

/** The error of Node.js for options that only a whole process can have, or that it does not know. */
const REFUSED = 'ERR_WORKER_INVALID_EXEC_ARGV'

/**
 * Options of Node.js that a thread can have. Node.js itself is asked: it looks at them before it looks at `workerData`,
 * and refuses data that cannot be cloned before it begins the thread.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function execArgvOf(given: readonly string[]): readonly string[] {
  const execArgv = strings('execArgv', given)
  try {
    void new Worker('', { eval: true, execArgv: [...execArgv], workerData: () => {} }).terminate()
  } catch (error) {
    const { code, message } = asError(error) as NodeJS.ErrnoException
    if (code === REFUSED) throw refused(message.replace(/^.*: /, ''), error)
  }
  return execArgv
}

function refused(flags: string, cause: unknown): CutoverError {
  const message =
    `Option "execArgv" must be what a worker thread can have, got ${flags}. For memory, give resourceLimits ` +
    'such as { maxOldGenerationSizeMb: 512 }; what is for a whole process, give childProcess() or Node.js itself.'
  return new CutoverError('CUTOVER_INVALID_OPTION', message, { cause })
}
