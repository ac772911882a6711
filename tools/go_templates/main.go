// Renders template expressions with Go's text/template and sprig, as kube-burner does.
//
// Standard input: a JSON list of {"text", "data"}. Standard output: the same list, each with
// "go" (the text) or "error" (Go's words). A number without a point or an exponent is an int, as
// YAML gives it. Used by tools/judge_templates.py; the product and its tests never need Go.
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"text/template"

	sprig "github.com/Masterminds/sprig/v3"
)

type entry struct {
	Text  string  `json:"text"`
	Data  any     `json:"data"`
	Go    *string `json:"go,omitempty"`
	Error string  `json:"error,omitempty"`
}

func typed(value any) any {
	switch v := value.(type) {
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			if i, err := v.Int64(); err == nil {
				return int(i)
			}
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = typed(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = typed(v[k])
		}
	}
	return value
}

func render(text string, data any) (out string, err error) {
	t, err := template.New("").Option("missingkey=error").Funcs(sprig.GenericFuncMap()).Parse(text)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.String(), err
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	var entries []entry
	if err := decoder.Decode(&entries); err != nil {
		panic(err)
	}
	for i := range entries {
		kept, _ := json.Marshal(entries[i].Data)
		out, err := render(entries[i].Text, typed(entries[i].Data))
		entries[i].Data = json.RawMessage(kept)
		if err != nil {
			entries[i].Error = err.Error()
		} else {
			entries[i].Go = &out
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(entries); err != nil {
		panic(err)
	}
}
