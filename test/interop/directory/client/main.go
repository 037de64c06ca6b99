// A client of the bootstrap data service as the original's API package is one: http.Post of words, and encoding/json into
// these types. Prints one line for each command of its arguments; "ID:command" speaks for a peer of that ID.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"
)

type peer struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	Ip        string `json:"ip,omitempty"`
	Port      string `json:"port,omitempty"`
	Protocol  string `json:"protocol,omitempty"`
	Status    string `json:"status,omitempty"`
	Timestamp string `json:"timestamp,omitempty"`
}

type config struct {
	MaxPeers            int `json:"maxpeers,omitempty"`
	MinRefillCandidates int `json:"minrefillcandidates,omitempty"`
	NumPeers            int `json:"numpeers,omitempty"`
}

type data struct {
	Config config
	Peers  map[string]*peer
}

func main() {
	url := os.Args[1]
	for _, argument := range os.Args[2:] {
		words := strings.SplitN(argument, ":", 3)
		command, id := words[1], words[0]
		body := ""
		switch command {
		case "join":
			body = fmt.Sprintf("%s %s 127.0.0.1 22365 tcp %s %s", id, id, "0", words[2])
		case "refill":
			body = fmt.Sprintf("%s %s 127.0.0.1 22365 tcp %s %s", id, id, "", words[2])
		case "leave":
			body = id
		case "config":
			body = words[2]
		}
		fmt.Println(argument, ask(url+"/"+command, body))
	}
}

func ask(url string, body string) string {
	response, err := http.Post(url, "application/x-www-form-urlencoded", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	var found data
	if err := json.Unmarshal(answer, &found); err != nil {
		return strings.TrimSpace(string(answer))
	}
	names := []string{}
	for id, each := range found.Peers {
		if each.ID != id || each.Port != "22365" || each.Protocol != "tcp" {
			return "a peer is not what it was: " + id
		}
		names = append(names, each.Name+"@"+each.Timestamp)
	}
	sort.Strings(names)
	return fmt.Sprintf("%d/%d/%d %s", found.Config.NumPeers, found.Config.MaxPeers, found.Config.MinRefillCandidates,
		strings.Join(names, " "))
}
