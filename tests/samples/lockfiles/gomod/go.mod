// The yard gate.
module saltmarsh.example/yard-gate

go 1.21

toolchain go1.21.3-saltmarsh

require (
	github.com/BurntSushi/toml v1.2.0 // pinned; see the decision record
	golang.org/x/net v0.7.0
	golang.org/x/text v0.3.7 // indirect
	"example.com/quoted" v1.0.0
)

require example.com/berths v1.5.0
require example.com/unfinished master
require example.com/legacy v2.0.0+incompatible
require example.com/held v1.1.0
require example.com/patched v0.9.0

exclude example.com/held v1.1.0

replace (
	example.com/berths => ../berths
	golang.org/x/net v0.7.0 => example.com/fork/net v0.7.1
	example.com/patched v0.8.0 => example.com/other v0.8.1
)

retract [v1.0.0, v1.0.5] // published by mistake
