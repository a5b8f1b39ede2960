// Stands in for the program of an image that cannot be had: it takes the container as the pod declares it.
//
// It runs as the pod's user, tries every mount, and tries to write to a root that should be read-only; it listens on the
// declared ports, answers every request there, with a metric where one asks for metrics, admits what an API server asks it
// about, and ends where the container is one that ends. What it does not find as declared it says, and exits with 1. `/stand-in.json` has the declarations of every container that runs this image.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const declarations = "/stand-in.json"

type port struct {
	Number   int    `json:"number"`
	Protocol string `json:"protocol"`
	TLS      bool   `json:"tls"`
}

type mount struct {
	Path     string `json:"path"`
	ReadOnly bool   `json:"read_only"`
}

type container struct {
	// Pod is what the pod's name begins with.
	Pod  string `json:"pod"`
	Name string `json:"name"`
	// Command is the first word of its command; empty where it starts what the image says.
	Command      string  `json:"command"`
	Ends         bool    `json:"ends"`
	ReadOnlyRoot bool    `json:"read_only_root"`
	Ports        []port  `json:"ports"`
	Mounts       []mount `json:"mounts"`
}

func main() {
	found, err := declared(filepath.Base(os.Args[0]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if found == nil {
		// A tool that a script or a probe runs.
		fmt.Println("stand-in for", strings.Join(os.Args, " "))
		return
	}
	if problems := found.problems(); len(problems) > 0 {
		for _, problem := range problems {
			fmt.Fprintln(os.Stderr, problem)
		}
		os.Exit(1)
	}
	fmt.Printf("stand-in for container %s: uid %d, gid %d, %d mounts, %d ports\n",
		found.Name, os.Getuid(), os.Getgid(), len(found.Mounts), len(found.Ports))
	if found.Ends {
		return
	}
	for _, one := range found.Ports {
		if err := found.serve(one); err != nil {
			fmt.Fprintf(os.Stderr, "port %d/%s: %v\n", one.Number, one.Protocol, err)
			os.Exit(1)
		}
	}
	wait := make(chan os.Signal, 1)
	signal.Notify(wait, syscall.SIGTERM, syscall.SIGINT)
	<-wait
}

// declared is the container that this process is; nil where it is none of them.
func declared(program string) (*container, error) {
	text, err := os.ReadFile(declarations)
	if err != nil {
		return nil, err
	}
	var all []container
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	if program == "stand-in" {
		program = ""
	}
	// A shell is the real one; what it starts is a tool.
	all = slices.DeleteFunc(all, func(one container) bool {
		return !strings.HasPrefix(host, one.Pod) || filepath.Base(one.Command) != program && one.Command != program
	})
	if len(all) == 0 {
		return nil, nil
	}
	// The longest name of a pod is the nearest.
	best := slices.MaxFunc(all, func(a, b container) int { return len(a.Pod) - len(b.Pod) })
	return &best, nil
}

func (c *container) problems() []string {
	var found []string
	for _, one := range c.Mounts {
		info, err := os.Stat(one.Path)
		if err != nil {
			found = append(found, fmt.Sprintf("mount %s: %v", one.Path, err))
			continue
		}
		if !info.IsDir() || one.ReadOnly {
			continue
		}
		if err := write(one.Path); err != nil {
			found = append(found, fmt.Sprintf("mount %s: uid %d, gid %d cannot write: %v", one.Path, os.Getuid(), os.Getgid(), err))
		}
	}
	if err := write("/"); c.ReadOnlyRoot && !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EACCES) {
		found = append(found, fmt.Sprintf("root: declared read-only, and can be written: %v", err))
	}
	return found
}

func write(folder string) error {
	file, err := os.CreateTemp(folder, ".stand-in-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	return file.Close()
}

func (c *container) serve(one port) error {
	address := fmt.Sprintf(":%d", one.Number)
	if one.Protocol == "UDP" {
		packets, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		go echo(packets)
		return nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if one.TLS {
		own, err := selfSigned()
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.certificate(&own), nil
		}})
	}
	server := http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _ := os.Hostname()
		if strings.Contains(r.URL.Path, "metrics") {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			fmt.Fprintf(w, "# TYPE stand_in_info gauge\nstand_in_info{container=%q} 1\n", c.Name)
			return
		}
		var review admission
		if r.Method == http.MethodPost && json.NewDecoder(r.Body).Decode(&review) == nil && review.Kind == "AdmissionReview" {
			fmt.Printf("admits %s\n", review.Request.UID)
			review.Response.UID, review.Response.Allowed = review.Request.UID, true
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(review)
			return
		}
		fmt.Fprintf(w, "stand-in for container %s of pod %s\n", c.Name, host)
	})}
	go server.Serve(listener)
	return nil
}

// admission is a question of an API server, and its answer.
type admission struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Request    struct {
		UID string `json:"uid"`
	} `json:"request"`
	Response struct {
		UID     string `json:"uid"`
		Allowed bool   `json:"allowed"`
	} `json:"response"`
}

// certificate is the one in a mounted Secret of type kubernetes.io/tls, which may come later, or another.
func (c *container) certificate(other *tls.Certificate) *tls.Certificate {
	for _, one := range c.Mounts {
		if found, err := tls.LoadX509KeyPair(filepath.Join(one.Path, "tls.crt"), filepath.Join(one.Path, "tls.key")); err == nil {
			return &found
		}
	}
	return other
}

func echo(packets net.PacketConn) {
	buffer := make([]byte, 65536)
	for {
		length, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		packets.WriteTo(buffer[:length], from)
	}
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"stand-in"}}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, err
}
