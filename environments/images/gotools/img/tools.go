//go:build tools
package img
import _ "github.com/genuinetools/img"
