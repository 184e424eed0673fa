// Load sends prepared reports to a gateway, so many at a time, and says what came of it. It takes part of the machine that it
// measures, so it does the least: requests are bytes that lie in memory, one write each; of an answer it reads what ends it.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	address      = flag.String("address", "127.0.0.1:4318", "where the gateway listens")
	file         = flag.String("reports", "", "the reports: each its length in four bytes, little-endian, and its gzipped body")
	acknowledged = flag.String("acknowledged", "", "a file for the numbers of those that were answered with 200, four bytes each")
	connections  = flag.Int("connections", 32, "how many at a time")
	keepAlive    = flag.Bool("keep-alive", false, "many requests by one connection; otherwise each by its own, as installations do")
	warm         = flag.Duration("warm", time.Second, "how long to send before what counts")
	lasts        = flag.Duration("lasts", 5*time.Second, "how long what counts lasts")
)

// result goes to standard output as JSON.
type result struct {
	Statuses  map[int]int `json:"statuses"` // 0: the connection was lost. All answers, those of the warm time too
	PerSecond float64     `json:"perSecond"`
	P50       float64     `json:"p50"` // milliseconds
	P99       float64     `json:"p99"`
	CPU       float64     `json:"cpu"`    // of this program, microseconds for each request
	RanOut    bool        `json:"ranOut"` // there were no reports left
}

// caller is one connection at a time, and what it has seen.
type caller struct {
	target   *net.TCPAddr
	conn     *net.TCPConn
	buffer   []byte
	statuses map[int]int
	taken    []uint32
	times    []time.Duration
}

func main() {
	flag.Parse()
	// More would only wake each other up.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(1000)
	requests, err := prepare()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	target, err := net.ResolveTCPAddr("tcp", *address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	before := cpu()
	began := time.Now()
	counts, end := began.Add(*warm), began.Add(*warm+*lasts)
	var next atomic.Int64
	var ranOut atomic.Bool
	var running sync.WaitGroup
	callers := make([]caller, *connections)
	for i := range callers {
		c := &callers[i]
		*c = caller{target: target, buffer: make([]byte, 4096), statuses: map[int]int{}}
		running.Go(func() {
			for {
				number := next.Add(1) - 1
				if number >= int64(len(requests)) {
					ranOut.Store(true)
					return
				}
				from := time.Now()
				if from.After(end) {
					return
				}
				status := c.send(requests[number])
				took := time.Since(from)
				c.statuses[status]++
				if status == 200 {
					c.taken = append(c.taken, uint32(number))
				}
				if over := from.Add(took); status == 200 && over.After(counts) && over.Before(end) {
					c.times = append(c.times, took)
				}
			}
		})
	}
	running.Wait()
	measured := min(time.Since(counts), *lasts)
	if err := report(callers, measured, cpu()-before, ranOut.Load()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// prepare makes each request as one piece: head and body.
func prepare() ([][]byte, error) {
	all, err := os.ReadFile(*file)
	if err != nil {
		return nil, err
	}
	connection := "close"
	if *keepAlive {
		connection = "keep-alive"
	}
	var requests [][]byte
	for len(all) > 0 {
		length := binary.LittleEndian.Uint32(all)
		// The head is that of the library.
		head := fmt.Sprintf("POST /v1/metrics HTTP/1.1\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n"+
			"content-length: %d\r\nuser-agent: otel-usage/0.1.0\r\nHost: %s\r\nConnection: %s\r\n\r\n", length, *address, connection)
		requests = append(requests, append([]byte(head), all[4:4+length]...))
		all = all[4+length:]
	}
	return requests, nil
}

// send returns the status of the answer, or 0.
func (c *caller) send(request []byte) int {
	if c.conn == nil {
		conn, err := net.DialTCP("tcp", nil, c.target)
		if err != nil {
			return 0
		}
		c.conn = conn
	}
	status := 0
	if _, err := c.conn.Write(request); err == nil {
		status = c.answer()
	}
	if status == 0 || !*keepAlive {
		c.conn.Close()
		c.conn = nil
	}
	return status
}

func (c *caller) answer() int {
	read := 0
	for read < len(c.buffer) {
		n, err := c.conn.Read(c.buffer[read:])
		read += n
		head, body, complete := bytes.Cut(c.buffer[:read], []byte("\r\n\r\n"))
		if complete && len(body) >= contentLength(head) {
			status, _ := strconv.Atoi(string(head[9:12]))
			return status
		}
		if err != nil {
			return 0
		}
	}
	return 0
}

func contentLength(head []byte) int {
	_, rest, _ := bytes.Cut(head, []byte("\r\nContent-Length: "))
	digits, _, _ := bytes.Cut(rest, []byte("\r\n"))
	length, _ := strconv.Atoi(string(digits))
	return length
}

func report(callers []caller, measured, used time.Duration, ranOut bool) error {
	statuses := map[int]int{}
	var times []time.Duration
	var taken []byte
	all := 0
	for _, c := range callers {
		for status, count := range c.statuses {
			statuses[status] += count
			all += count
		}
		times = append(times, c.times...)
		for _, number := range c.taken {
			taken = binary.LittleEndian.AppendUint32(taken, number)
		}
	}
	if *acknowledged != "" {
		if err := os.WriteFile(*acknowledged, taken, 0o600); err != nil {
			return err
		}
	}
	slices.Sort(times)
	at := func(part float64) float64 {
		if len(times) == 0 {
			return 0
		}
		return times[int(float64(len(times)-1)*part)].Seconds() * 1000
	}
	return json.NewEncoder(os.Stdout).Encode(result{
		Statuses:  statuses,
		PerSecond: float64(len(times)) / measured.Seconds(),
		P50:       at(0.5),
		P99:       at(0.99),
		CPU:       float64(used.Microseconds()) / float64(max(all, 1)),
		RanOut:    ranOut,
	})
}

// cpu is the time that this process has had of the processors.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
