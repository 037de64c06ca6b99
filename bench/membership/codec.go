// What memberlist's codec does in a second: the same calls as in its util.go, with the same values as codec.ts.
package main

import (
	"bytes"
	"compress/lzw"
	"fmt"
	"io"
	"syscall"
	"time"

	"github.com/hashicorp/go-msgpack/codec"
)

type ping struct {
	SeqNo      uint32
	Node       string
	SourceAddr []byte `codec:",omitempty"`
	SourcePort uint16 `codec:",omitempty"`
	SourceNode string `codec:",omitempty"`
}

type alive struct {
	Incarnation uint32
	Node        string
	Addr        []byte
	Port        uint16
	Meta        []byte
	Vsn         []uint8
}

type pushNodeState struct {
	Name        string
	Addr        []byte
	Port        uint16
	Meta        []byte
	Incarnation uint32
	State       int
	Vsn         []uint8
}

func encode(in interface{}) []byte {
	buf := bytes.NewBuffer(nil)
	hd := codec.MsgpackHandle{}
	enc := codec.NewEncoder(buf, &hd)
	if err := enc.Encode(in); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func decode(buf []byte, out interface{}) {
	hd := codec.MsgpackHandle{}
	dec := codec.NewDecoder(bytes.NewReader(buf), &hd)
	if err := dec.Decode(out); err != nil {
		panic(err)
	}
}

func compress(in []byte) []byte {
	var buf bytes.Buffer
	w := lzw.NewWriter(&buf, lzw.LSB, 8)
	w.Write(in)
	w.Close()
	return buf.Bytes()
}

func decompress(in []byte) {
	r := lzw.NewReader(bytes.NewReader(in), lzw.LSB, 8)
	var b bytes.Buffer
	if _, err := io.Copy(&b, r); err != nil {
		panic(err)
	}
	r.Close()
}

// Processor time of all threads.
func cpu() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func rate(name string, run func()) {
	count := 0
	begin := time.Now()
	before := cpu()
	for time.Since(begin) < 400*time.Millisecond {
		for i := 0; i < 64; i++ {
			run()
		}
		count += 64
	}
	fmt.Printf("%s\t%f\n", name, float64(count)/(cpu()-before).Seconds())
}

func main() {
	addr := []byte{127, 0, 0, 3}
	p := ping{77, "gamma", addr, 7946, "beta"}
	vsn := []uint8{1, 5, 2, 0, 0, 0}
	a := alive{3, "gamma", addr, 7946, []byte("m-gamma"), vsn}
	s := pushNodeState{"gamma", addr, 7946, []byte("m-gamma"), 3, 0, vsn}
	pb, ab, sb := encode(&p), encode(&a), encode(&s)
	text := []byte{}
	for i := 0; i < 13; i++ {
		text = append(append(text, 4), ab...)
	}
	packed := compress(text)
	rate("ping, written", func() { encode(&p) })
	rate("ping, read", func() { var out ping; decode(pb, &out) })
	rate("alive, written", func() { encode(&a) })
	rate("alive, read", func() { var out alive; decode(ab, &out) })
	rate("node of a push/pull, written", func() { encode(&s) })
	rate("node of a push/pull, read", func() { var out pushNodeState; decode(sb, &out) })
	rate("packet of 13, compressed", func() { compress(text) })
	rate("packet of 13, decompressed", func() { decompress(packed) })
}
