/** `cutover/guest/process`: the program that Node.js runs for `childProcess({ module })`. */
import { serveProcess } from './serveProcess.js'

void serveProcess()
