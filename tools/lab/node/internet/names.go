package main

import (
	"fmt"
	"log"
	"net"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

const negativeTTL = 60

// record is one of a zone, as Cloudflare's API has it.
type record struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Name    string `json:"name"`
	Content string `json:"content"`
	TTL     uint32 `json:"ttl"`
}

// zone is the domain of a home at its DNS provider.
type zone struct {
	apex    string
	lock    sync.Mutex
	next    int
	records []record
}

func newZone(name string) *zone {
	return &zone{apex: dns.Fqdn(strings.ToLower(name))}
}

// add refuses what Cloudflare refuses.
func (z *zone) add(wanted record) (record, *failure) {
	z.lock.Lock()
	defer z.lock.Unlock()
	wanted.Name = strings.ToLower(strings.TrimSuffix(wanted.Name, "."))
	if !dns.IsSubDomain(z.apex, dns.Fqdn(wanted.Name)) {
		return record{}, &failure{9005, "The name is not in the zone."}
	}
	if wanted.TTL != 1 && (wanted.TTL < 60 || wanted.TTL > 86400) {
		return record{}, &failure{9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic."}
	}
	if _, err := wanted.answer(); err != nil {
		return record{}, &failure{9207, err.Error()}
	}
	for _, one := range z.records {
		if one.Name == wanted.Name && one.Type == wanted.Type && one.Content == wanted.Content {
			return record{}, &failure{81058, "An identical record already exists."}
		}
	}
	z.next++
	wanted.ID = fmt.Sprintf("%032x", z.next)
	z.records = append(z.records, wanted)
	return wanted, nil
}

func (z *zone) remove(id string) (record, bool) {
	z.lock.Lock()
	defer z.lock.Unlock()
	for index, one := range z.records {
		if one.ID == id {
			z.records = append(z.records[:index], z.records[index+1:]...)
			return one, true
		}
	}
	return record{}, false
}

// list is every record of a name and a type; empty stands for all.
func (z *zone) list(name, kind string) []record {
	z.lock.Lock()
	defer z.lock.Unlock()
	found := []record{}
	for _, one := range z.records {
		if (name == "" || strings.EqualFold(one.Name, strings.TrimSuffix(name, "."))) && (kind == "" || one.Type == kind) {
			found = append(found, one)
		}
	}
	return found
}

// has says whether a name has a record, or one below it has.
func (z *zone) has(name string) bool {
	for _, one := range z.list("", "") {
		if dns.IsSubDomain(name, dns.Fqdn(one.Name)) {
			return true
		}
	}
	return name == z.apex
}

func (r record) answer() (dns.RR, error) {
	ttl := max(r.TTL, negativeTTL)
	if r.Type == "TXT" {
		header := dns.RR_Header{Name: dns.Fqdn(r.Name), Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: ttl}
		return &dns.TXT{Hdr: header, Txt: []string{strings.Trim(r.Content, `"`)}}, nil
	}
	return dns.NewRR(fmt.Sprintf("%s %d IN %s %s", dns.Fqdn(r.Name), ttl, r.Type, r.Content))
}

func (z *zone) authority() dns.RR {
	return &dns.SOA{
		Hdr:     dns.RR_Header{Name: z.apex, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: negativeTTL},
		Ns:      "ns." + z.apex,
		Mbox:    "dns." + z.apex,
		Serial:  1,
		Refresh: 10000,
		Retry:   2400,
		Expire:  604800,
		Minttl:  negativeTTL,
	}
}

// reply is what a resolver says: the records of the zone and the host names, and of no other name that it exists.
func (z *zone) reply(asked *dns.Msg, hosts map[string]string) *dns.Msg {
	said := new(dns.Msg).SetReply(asked)
	said.RecursionAvailable = true
	if len(asked.Question) != 1 {
		return said.SetRcode(asked, dns.RcodeFormatError)
	}
	question := asked.Question[0]
	name := strings.ToLower(question.Name)
	if address, known := hosts[strings.TrimSuffix(name, ".")]; known {
		if question.Qtype == dns.TypeA {
			header := dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: negativeTTL}
			said.Answer = append(said.Answer, &dns.A{Hdr: header, A: net.ParseIP(address)})
		}
		return said
	}
	if !dns.IsSubDomain(z.apex, name) {
		said.Rcode = dns.RcodeNameError
		return said
	}
	for _, one := range z.list(name, "") {
		if kind := dns.StringToType[one.Type]; kind != question.Qtype && kind != dns.TypeCNAME {
			continue
		}
		if answer, err := one.answer(); err == nil {
			said.Answer = append(said.Answer, answer)
		}
	}
	if name == z.apex && question.Qtype == dns.TypeSOA {
		said.Answer = append(said.Answer, z.authority())
	}
	if len(said.Answer) == 0 {
		said.Ns = append(said.Ns, z.authority())
		if !z.has(name) {
			said.Rcode = dns.RcodeNameError
		}
	}
	return said
}

// resolve answers at an address from now on, over UDP and TCP.
func resolve(address string, names *zone, hosts map[string]string) error {
	at := net.JoinHostPort(address, "53")
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		said := names.reply(asked, hosts)
		for _, question := range asked.Question {
			if question.Qtype == dns.TypeTXT {
				log.Printf("%s: %s asked for TXT %s: %d", address, w.RemoteAddr(), question.Name, len(said.Answer))
			}
		}
		w.WriteMsg(said)
	})
	packets, err := net.ListenPacket("udp", at)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: handler}, {Listener: listener, Handler: handler}} {
		go func() { must(server.ActivateAndServe()) }()
	}
	return nil
}
