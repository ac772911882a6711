// Reads a text a line and writes what the API's own quantity type makes of it, one JSON pair a
// line: the text, and its value in units as an exact decimal, or null where it is refused.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"k8s.io/apimachinery/pkg/api/resource"
)

func main() {
	lines, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for lines.Scan() {
		text := lines.Text()
		row := [2]any{text, nil}
		if quantity, err := resource.ParseQuantity(text); err == nil {
			row[1] = quantity.AsDec().String()
		}
		if err := out.Encode(row); err != nil {
			panic(err)
		}
	}
}
