/** `cutover/guest/worker`: the program that a thread runs for `workerThread({ module })`. */
import { serveThread } from './serveThread.js'

serveThread()
