// Command judge reads a YAML text a line and writes what two of Go's readers make of it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	v3 "gopkg.in/yaml.v3"
	sigs "sigs.k8s.io/yaml"
)

func sanitize(v any) any {
	switch t := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range t {
			out[k] = sanitize(e)
		}
		return out
	case map[any]any:
		return map[string]any{"$refused": "keys"}
	case []any:
		out := []any{}
		for _, e := range t {
			out = append(out, sanitize(e))
		}
		return out
	case time.Time:
		return map[string]any{"$time": fmt.Sprint(t)}
	case float64:
		if b, err := json.Marshal(t); err == nil {
			return map[string]any{"$float": string(b)}
		}
		return map[string]any{"$float": fmt.Sprint(t)}
	}
	return v
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var text string
		if err := json.Unmarshal(in.Bytes(), &text); err != nil {
			panic(err)
		}
		row := map[string]any{"text": text}
		if j, err := sigs.YAMLToJSON([]byte(text)); err != nil {
			row["sigs"] = map[string]any{"$refused": strings.SplitN(err.Error(), "\n", 2)[0]}
		} else {
			row["sigs"] = json.RawMessage(j)
		}
		var any3 map[string]any
		dec := v3.NewDecoder(bytes.NewReader([]byte(text)))
		if err := dec.Decode(&any3); err != nil {
			row["v3"] = map[string]any{"$refused": strings.SplitN(err.Error(), "\n", 2)[0]}
		} else {
			row["v3"] = sanitize(any3)
		}
		b, err := json.Marshal(row)
		if err != nil {
			panic(err)
		}
		out.Write(b)
		out.WriteByte('\n')
	}
}
