import { createServer, type Server, type Socket } from 'node:net';

const PACKET_BYTES = 7 * 188;
const MPEG_TS = 33;

/**
 * Creates a network camera that supports just enough of RTSP 1.0 to be played over TCP. It sends an MPEG transport stream
 * as RTP packets between its answers (RFC 2326, 10.12; RFC 2250, 2), and closes the connection at the end of the stream.
 *
 * @param transportStreams - One stream per player, in the order in which players connect.
 * @param requests - Receives the first line of each request, and its transport.
 */
export function createRtspServer(transportStreams: Buffer[], requests: string[]): Server {
  return createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined); // a player may close the connection early
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        answer(socket, text.slice(0, end), transportStreams, requests);
        text = text.slice(end + 4);
      }
    });
  });
}

function answer(socket: Socket, request: string, transportStreams: Buffer[], requests: string[]): void {
  const [method = '', address] = request.split(' ');
  const header = (name: string) => new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(request)?.[1] ?? '';
  requests.push([method, address, header('Transport')].filter(Boolean).join(' '));
  const session = 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n';
  const track = `m=video 0 RTP/AVP ${MPEG_TS}\r\na=control:track1\r\n`;
  const description = method === 'DESCRIBE' ? session + track : '';
  const headers: Record<string, string> = {
    OPTIONS: 'Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n',
    DESCRIBE: `Content-Type: application/sdp\r\nContent-Length: ${description.length}\r\n`,
    SETUP: 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n',
  };
  socket.write(
    `RTSP/1.0 200 OK\r\nCSeq: ${header('CSeq')}\r\nSession: 1\r\n${headers[method] ?? ''}\r\n${description}`,
  );
  if (method === 'PLAY') socket.end(packetize(transportStreams.shift() ?? Buffer.alloc(0)));
}

/** Cuts a stream into RTP packets. Each follows four bytes that distinguish it from RTSP's text. */
function packetize(transportStream: Buffer): Buffer {
  const packets: Buffer[] = [];
  for (let offset = 0; offset < transportStream.length; offset += PACKET_BYTES) {
    const payload = transportStream.subarray(offset, offset + PACKET_BYTES);
    const head = Buffer.alloc(16);
    head.write('$', 0);
    head.writeUInt16BE(12 + payload.length, 2);
    head.writeUInt8(0x80, 4); // version 2
    head.writeUInt8(MPEG_TS, 5);
    head.writeUInt16BE((packets.length / 2) & 0xffff, 6); // sequence number
    head.writeUInt32BE((packets.length / 2) * 90, 8); // time
    head.writeUInt32BE(1, 12); // source
    packets.push(head, payload);
  }
  return Buffer.concat(packets);
}
