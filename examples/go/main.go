// An echo server with only Go's standard library. It has the few parts of RFC 6455 that it needs; in production, use a
// library.
package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	opText, opClose, opPing, opPong = 0x1, 0x8, 0x9, 0xA
	mostBytes                       = 64 * 1024
)

var (
	appID = os.Getenv("APPID")
	mutex sync.Mutex
	open  = map[*socket]bool{}
)

type socket struct {
	net.Conn
	reader  *bufio.Reader
	writing sync.Mutex
}

// readFrame returns the next frame of a client. It accepts unfragmented messages of up to 64 KiB.
func (s *socket) readFrame() (byte, []byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(s.reader, head[:]); err != nil {
		return 0, nil, err
	}
	if head[0]&0x80 == 0 || head[1]&0x80 == 0 {
		return 0, nil, errors.New("a frame is fragmented or has no mask")
	}
	length := uint64(head[1] & 0x7f)
	if length >= 126 {
		more := make([]byte, map[uint64]int{126: 2, 127: 8}[length])
		if _, err := io.ReadFull(s.reader, more); err != nil {
			return 0, nil, err
		}
		length = binary.BigEndian.Uint64(append(make([]byte, 8-len(more)), more...))
	}
	if length > mostBytes {
		return 0, nil, errors.New("a frame is too long")
	}
	rest := make([]byte, 4+length)
	if _, err := io.ReadFull(s.reader, rest); err != nil {
		return 0, nil, err
	}
	mask, payload := rest[:4], rest[4:]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0] & 0x0f, payload, nil
}

func (s *socket) writeFrame(op byte, payload []byte) error {
	frame := []byte{0x80 | op}
	switch length := len(payload); {
	case length < 126:
		frame = append(frame, byte(length))
	case length < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(length))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(length))
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.Write(append(frame, payload...))
	return err
}

func (s *socket) serve() {
	for {
		op, payload, err := s.readFrame()
		switch {
		case err != nil:
			return
		case op == opClose:
			s.writeFrame(opClose, payload)
			return
		case op == opPing:
			err = s.writeFrame(opPong, payload)
		case op == opText:
			err = s.writeFrame(opText, fmt.Appendf(nil, "%s: %s", appID, payload))
		}
		if err != nil {
			return
		}
	}
}

func handle(writer http.ResponseWriter, request *http.Request) {
	key := request.Header.Get("Sec-WebSocket-Key")
	if key == "" {
		http.Error(writer, "Open a WebSocket here.", http.StatusUpgradeRequired)
		return
	}
	conn, buffer, err := http.NewResponseController(writer).Hijack()
	if err != nil {
		return
	}
	accept := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(accept[:]))
	s := &socket{Conn: conn, reader: buffer.Reader}
	mutex.Lock()
	open[s] = true
	mutex.Unlock()
	s.serve()
	conn.Close()
	mutex.Lock()
	delete(open, s)
	mutex.Unlock()
}

// drain closes every socket with 1001 and waits up to five seconds for the clients to close theirs.
func drain() {
	mutex.Lock()
	for s := range open {
		s.writeFrame(opClose, []byte{0x03, 0xE9}) // 1001
	}
	mutex.Unlock()
	for range 50 {
		mutex.Lock()
		left := len(open)
		mutex.Unlock()
		if left == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("copy %s listens on %s", appID, listener.Addr())
	go http.Serve(listener, http.HandlerFunc(handle))
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
	listener.Close()
	drain()
}
