#!/usr/bin/env node
import { run } from './run.js'

// The reader of the output has closed it, as `head` does. A service goes on.
if (process.argv[2] !== 'serve') process.stdout.on('error', () => process.exit())
process.exit(await run(process.argv.slice(2), process))
