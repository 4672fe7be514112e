// Multi-call benchmark binary: dispatches on argv[0]'s base name. Standard library only.
package main

import (
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func arg(i, d int) int {
	if len(os.Args) > i {
		if v, e := strconv.Atoi(os.Args[i]); e == nil {
			return v
		}
	}
	return d
}
func must(e error) {
	if e != nil {
		panic(e)
	}
}
func rss(key string) int {
	b, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, key) {
			v, _ := strconv.Atoi(strings.Fields(l)[1])
			return v * 1024
		}
	}
	return 0
}
func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func w1() {
	n := arg(1, 1000000)
	t := time.Now()
	for left := n; left > 0; {
		b := left
		if b > 1000 {
			b = 1000
		}
		var wg sync.WaitGroup
		wg.Add(b)
		for i := 0; i < b; i++ {
			go func() { wg.Done() }()
		}
		wg.Wait()
		left -= b
	}
	fmt.Printf("ns_per_task %.1f\n", float64(time.Since(t).Nanoseconds())/float64(n))
}
func w2() {
	n := arg(1, 5000000)
	var wg sync.WaitGroup
	wg.Add(2)
	t := time.Now()
	for k := 0; k < 2; k++ {
		go func() {
			for i := 0; i < n/2; i++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	fmt.Printf("ns_per_switch %.1f\n", float64(time.Since(t).Nanoseconds())/float64(n))
	a, b := make(chan int), make(chan int)
	wg.Add(1)
	t = time.Now()
	go func() {
		for v := range a {
			b <- v
		}
		wg.Done()
	}()
	for i := 0; i < n/2; i++ {
		a <- i
		<-b
	}
	close(a)
	wg.Wait()
	fmt.Printf("chan_ns_per_switch %.1f\n", float64(time.Since(t).Nanoseconds())/float64(n))
}
func w3() {
	n := arg(1, 100000)
	base := rss("VmRSS:")
	var wg sync.WaitGroup
	wg.Add(n)
	t := time.Now()
	for i := 0; i < n; i++ {
		go func() { time.Sleep(time.Second); wg.Done() }()
	}
	wg.Wait()
	fmt.Printf("wall_s %.4f\n", time.Since(t).Seconds())
	fmt.Printf("bytes_per_task %d\n", (rss("VmHWM:")-base)/n)
}
func w4() {
	n := arg(1, 1000000)
	var left int64 = int64(n)
	done := make(chan struct{})
	r := rand.New(rand.NewSource(1))
	c0, t := cpu(), time.Now()
	for i := 0; i < n; i++ {
		time.AfterFunc(time.Duration(r.Float64()*1e9), func() {
			if atomic.AddInt64(&left, -1) == 0 {
				close(done)
			}
		})
	}
	<-done
	fmt.Printf("wall_s %.4f\n", time.Since(t).Seconds())
	fmt.Printf("cpu_s %.4f\n", cpu()-c0)
}
func w5() {
	n := arg(1, 1000000)
	q := make(chan int, 100)
	var wg sync.WaitGroup
	var got int64
	wg.Add(4)
	t := time.Now()
	for k := 0; k < 4; k++ {
		go func() {
			c := int64(0)
			for range q {
				c++
			}
			atomic.AddInt64(&got, c)
			wg.Done()
		}()
	}
	for i := 0; i < n; i++ {
		q <- i
	}
	close(q)
	wg.Wait()
	if got != int64(n) {
		panic("lost")
	}
	fmt.Printf("items_per_s %.0f\n", float64(n)/time.Since(t).Seconds())
}
func w6() {
	l, e := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	must(e)
	fmt.Println("ready")
	for {
		c, e := l.Accept()
		must(e)
		go func() {
			defer c.Close()
			b := make([]byte, 4096)
			for {
				n, e := c.Read(b)
				if e != nil {
					return
				}
				if _, e = c.Write(b[:n]); e != nil {
					return
				}
			}
		}()
	}
}
func w7() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{"text/plain"}
		io.WriteString(w, "hello")
	})
	l, e := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	must(e)
	fmt.Println("ready")
	must(http.Serve(l, nil))
}
func client(url string, n, c int) {
	tr := &http.Transport{MaxIdleConns: c, MaxIdleConnsPerHost: c, MaxConnsPerHost: c, DisableCompression: true}
	cl := &http.Client{Transport: tr, Timeout: 120 * time.Second}
	left, bytes := int64(n), int64(0)
	var wg sync.WaitGroup
	wg.Add(c)
	c0, t := cpu(), time.Now()
	for k := 0; k < c; k++ {
		go func() {
			defer wg.Done()
			for atomic.AddInt64(&left, -1) >= 0 {
				r, e := cl.Get(url)
				must(e)
				if r.StatusCode != 200 {
					panic(r.Status)
				}
				b, e := io.ReadAll(r.Body)
				must(e)
				r.Body.Close()
				atomic.AddInt64(&bytes, int64(len(b)))
			}
		}()
	}
	wg.Wait()
	w := time.Since(t).Seconds()
	fmt.Printf("req_per_s %.0f\n", float64(n)/w)
	fmt.Printf("cpu_us_per_req %.2f\n", (cpu()-c0)*1e6/float64(n))
	fmt.Printf("wall_s %.4f\n", w)
}
func w12() {
	path := os.Args[2]
	c0, t := cpu(), time.Now()
	if os.Args[1] == "many" {
		n := arg(3, 10000)
		var idx, tot int64
		idx = -1
		var wg sync.WaitGroup
		wg.Add(16)
		for k := 0; k < 16; k++ {
			go func() {
				defer wg.Done()
				for {
					i := atomic.AddInt64(&idx, 1)
					if i >= int64(n) {
						return
					}
					b, e := os.ReadFile(path + "/f" + strconv.Itoa(int(i)))
					must(e)
					atomic.AddInt64(&tot, int64(len(b)))
				}
			}()
		}
		wg.Wait()
		if tot != int64(n)*4096 {
			panic("short")
		}
		s := time.Since(t).Seconds()
		fmt.Printf("files_per_s %.0f\n", float64(n)/s)
		fmt.Printf("GB_per_s %.3f\n", float64(tot)/s/1e9)
	} else {
		f, e := os.Open(path + "/big")
		must(e)
		b := make([]byte, 1<<20)
		tot := 0
		for {
			n, e := f.Read(b)
			if e == io.EOF {
				break
			}
			must(e)
			tot += n
		}
		fmt.Printf("GB_per_s %.3f\n", float64(tot)/time.Since(t).Seconds()/1e9)
	}
	fmt.Printf("cpu_s %.4f\n", cpu()-c0)
}
func main() {
	switch filepath.Base(os.Args[0]) {
	case "w1-spawn":
		w1()
	case "w2-switch":
		w2()
	case "w3-sleepers":
		w3()
	case "w4-timers":
		w4()
	case "w5-queue":
		w5()
	case "w6-echo":
		w6()
	case "w7-http-server":
		w7()
	case "w8-http-client":
		client(os.Args[1], arg(2, 20000), arg(3, 64))
	case "w9-fanout":
		client(os.Args[1], arg(2, 10), arg(2, 10))
	case "w12-files":
		w12()
	default:
		panic(os.Args[0])
	}
}
