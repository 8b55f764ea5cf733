/** The other side of the bare socket: answers with what it is asked. */
import { connect } from 'node:net'
import { FrameDecoder, MessageReader, type MessageType, MessageWriter } from 'cutover/protocol'

const RESPONSE: MessageType = 2
const [writer, reader, frames] = [new MessageWriter(), new MessageReader(), new FrameDecoder()]
const answer = (bytes: Buffer, start: number, end: number) => {
  const { id, payload } = reader.read(bytes, start, end)
  writer.add(id, RESPONSE, 'RuntimeCallResponse', payload)
}
const socket = connect(process.argv[2] ?? '')
socket.on('data', chunk => {
  frames.push(chunk, answer)
  if (writer.length > 0) socket.write(writer.take())
  if (socket.writableLength === 0) writer.recycle()
})
socket.on('drain', () => writer.recycle())
socket.on('close', () => process.exit())
