// Prints how many ms it takes to import the modules named as arguments.
const begin = performance.now()
for (const name of process.argv.slice(2)) await import(name)
process.stdout.write(`${performance.now() - begin}`)
