process.on('message', ({ id, request }) => process.send({ id, answer: request }))
