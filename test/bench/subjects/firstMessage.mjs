process.send('up')
