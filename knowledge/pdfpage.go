package knowledge

import (
	"strings"

	"github.com/ledongthuc/pdf"
)

// maxForms bounds how deep drawings may hold other drawings.
const maxForms = 5

// smallest is the size, in points, below which nobody reads a letter.
const smallest = 1.5

// run is a piece of text that is drawn at once.
type run struct {
	text      string
	x, y, end float64
	size      float64
}

// pageReader goes through the drawing of a page as a viewer does and collects
// the text that a person sees: not what is drawn without ink, in white, too
// small or beside the page.
type pageReader struct {
	page  pdf.Value
	size  box
	runs  []run
	hid   bool // words were left out
	odd   bool // there are letters of which the file does not say what they mean
	saved []drawing
	drawing
}

// drawing is the state of the pen.
type drawing struct {
	place  matrix // from the coordinates of the drawing to those of the page
	text   matrix
	line   matrix
	font   *font
	points float64
	scale  float64 // horizontal, 1 unless told
	rise   float64
	lead   float64
	letter float64 // additional space after each letter,
	word   float64 // and after each space
	mode   int64   // 3 and 7 draw nothing
	grey   bool    // colours have one part, of which 1 is white
	blank  bool    // the ink is white
}

type font struct {
	pdf.Font
	encoding pdf.TextEncoding // nil when the file does not say what its letters mean
	wide     bool             // two bytes make a letter
	widths   map[int]float64
	usual    float64
}

// matrix is an affine map: x' = a·x + c·y + e, y' = b·x + d·y + f.
type matrix struct{ a, b, c, d, e, f float64 }

func (m matrix) then(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d, m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

func identity() matrix { return matrix{a: 1, d: 1} }

func (r *pageReader) read() {
	r.drawing = drawing{place: identity(), text: identity(), line: identity(), scale: 1}
	contents := r.page.Key("Contents")
	if kind := contents.Kind(); kind == pdf.Stream || kind == pdf.Array {
		r.draw(contents, inherited(r.page, "Resources"), 0)
	}
}

func (r *pageReader) draw(contents, resources pdf.Value, depth int) {
	fonts := map[string]*font{}
	pdf.Interpret(contents, func(stack *pdf.Stack, op string) {
		args := make([]pdf.Value, stack.Len())
		for i := len(args) - 1; i >= 0; i-- {
			args[i] = stack.Pop()
		}
		if op == "Do" {
			r.form(args, resources, depth)
			return
		}
		if op == "Tf" && len(args) == 2 {
			name := args[0].Name()
			if fonts[name] == nil {
				fonts[name] = newFont(resources.Key("Font").Key(name))
			}
			r.font, r.points = fonts[name], args[1].Float64()
			r.odd = r.odd || r.font.encoding == nil
			return
		}
		r.operate(op, args)
	})
}

// form draws a drawing inside the drawing.
func (r *pageReader) form(args []pdf.Value, resources pdf.Value, depth int) {
	if len(args) != 1 || depth >= maxForms {
		return
	}
	form := resources.Key("XObject").Key(args[0].Name())
	if form.Kind() != pdf.Stream || form.Key("Subtype").Name() != "Form" {
		return
	}
	before, saved := r.drawing, r.saved
	if m := form.Key("Matrix"); m.Len() == 6 {
		r.place = matrixOf(m.Index).then(r.place)
	}
	inner := form.Key("Resources")
	if inner.IsNull() {
		inner = resources
	}
	r.draw(form, inner, depth+1)
	r.drawing, r.saved = before, saved
}

func matrixOf(at func(i int) pdf.Value) matrix {
	n := func(i int) float64 { return at(i).Float64() }
	return matrix{n(0), n(1), n(2), n(3), n(4), n(5)}
}

// operate does one step of the drawing. One with the wrong number of arguments
// is left out, as viewers do.
func (r *pageReader) operate(op string, args []pdf.Value) {
	n := func(i int) float64 {
		if i < len(args) {
			return args[i].Float64()
		}
		return 0
	}
	switch op {
	case "q":
		r.saved = append(r.saved, r.drawing)
	case "Q":
		if last := len(r.saved) - 1; last >= 0 {
			r.drawing, r.saved = r.saved[last], r.saved[:last]
		}
	case "cm":
		r.place = matrix{n(0), n(1), n(2), n(3), n(4), n(5)}.then(r.place)
	case "BT":
		r.text, r.line = identity(), identity()
	case "Tm":
		r.line = matrix{n(0), n(1), n(2), n(3), n(4), n(5)}
		r.text = r.line
	case "TD":
		r.lead = -n(1)
		r.advance(n(0), n(1))
	case "Td":
		r.advance(n(0), n(1))
	case "T*":
		r.advance(0, -r.lead)
	case "TL":
		r.lead = n(0)
	case "Tc":
		r.letter = n(0)
	case "Tw":
		r.word = n(0)
	case "Tz":
		r.scale = n(0) / 100
	case "Ts":
		r.rise = n(0)
	case "Tr":
		r.mode = int64(n(0))
	case "g":
		r.blank = n(0) >= 0.96
	case "rg":
		r.blank = min(n(0), n(1), n(2)) >= 0.96
	case "k":
		r.blank = max(n(0), n(1), n(2), n(3)) <= 0.04
	case "sc", "scn":
		r.blank = r.white(args)
	case "cs":
		r.grey, r.blank = len(args) == 1 && args[0].Name() == "DeviceGray", false // every colour space begins with black
	case "'":
		r.advance(0, -r.lead)
		r.show(args)
	case "\"":
		r.word, r.letter = n(0), n(1)
		r.advance(0, -r.lead)
		r.show(args[min(2, len(args)):])
	case "Tj", "TJ":
		r.show(args)
	}
}

// white judges a colour of any space by its number of parts: grey, RGB or CMYK.
func (r *pageReader) white(args []pdf.Value) bool {
	lo, hi := 1.0, 0.0
	for _, a := range args {
		if a.Kind() != pdf.Integer && a.Kind() != pdf.Real {
			return false // a pattern
		}
		lo, hi = min(lo, a.Float64()), max(hi, a.Float64())
	}
	switch len(args) {
	case 1:
		return r.grey && lo >= 0.96 // else it may be a tint, of which full is dark
	case 3:
		return lo >= 0.96
	case 4:
		return hi <= 0.04
	}
	return false
}

func (r *pageReader) advance(x, y float64) {
	r.line = matrix{1, 0, 0, 1, x, y}.then(r.line)
	r.text = r.line
}

// show draws the strings of Tj, and of TJ with the spaces between them.
func (r *pageReader) show(args []pdf.Value) {
	if len(args) != 1 || r.font == nil || r.font.encoding == nil {
		return
	}
	if args[0].Kind() == pdf.String {
		r.write(args[0].RawString())
		return
	}
	for i := range args[0].Len() {
		switch part := args[0].Index(i); part.Kind() {
		case pdf.String:
			r.write(part.RawString())
		case pdf.Integer, pdf.Real:
			r.text = matrix{1, 0, 0, 1, -part.Float64() / 1000 * r.points * r.scale, 0}.then(r.text)
		default:
		}
	}
}

// write draws letters where the pen is and moves it behind them.
func (r *pageReader) write(codes string) {
	start := matrix{r.points * r.scale, 0, 0, r.points, 0, r.rise}.then(r.text).then(r.place)
	text := r.font.encoding.Decode(codes)
	width := r.font.width(codes, r)
	r.text = matrix{1, 0, 0, 1, width * r.scale, 0}.then(r.text)
	stop := matrix{r.points * r.scale, 0, 0, r.points, 0, r.rise}.then(r.text).then(r.place)
	size := max(abs(start.d), abs(start.c))
	if r.mode == 3 || r.mode == 7 || r.blank || size < smallest || !r.size.has(start.e, start.f) {
		r.hid = r.hid || strings.TrimSpace(text) != ""
		return
	}
	r.runs = append(r.runs, run{text: text, x: start.e, y: start.f, end: stop.e, size: size})
}

func abs(x float64) float64 { return max(x, -x) }

func newFont(v pdf.Value) *font {
	f := &font{Font: pdf.Font{V: v}, wide: v.Key("Subtype").Name() == "Type0", widths: map[int]float64{}, usual: 500}
	if !f.wide {
		f.encoding = f.Encoder()
		return f
	}
	if !v.Key("ToUnicode").IsNull() {
		f.encoding = f.Encoder()
	}
	inner := v.Key("DescendantFonts").Index(0)
	f.usual = 1000
	if w := inner.Key("DW"); !w.IsNull() {
		f.usual = w.Float64()
	}
	w := inner.Key("W")
	for i := 0; i+1 < w.Len(); {
		first := int(w.Index(i).Int64())
		if list := w.Index(i + 1); list.Kind() == pdf.Array {
			for j := range list.Len() {
				f.widths[first+j] = list.Index(j).Float64()
			}
			i += 2
			continue
		}
		for code := first; code <= min(int(w.Index(i+1).Int64()), 0xffff); code++ {
			f.widths[code] = w.Index(i + 2).Float64()
		}
		i += 3
	}
	return f
}

// width returns how far letters move the pen.
func (f *font) width(codes string, r *pageReader) (total float64) {
	step := 1
	if f.wide {
		step = 2
	}
	for i := 0; i+step <= len(codes); i += step {
		code := int(codes[i])
		if f.wide {
			code = code<<8 | int(codes[i+1])
		}
		w, known := f.widths[code]
		if !known && !f.wide {
			w = f.Width(code)
			known = w != 0
		}
		if !known {
			w = f.usual
		}
		total += w/1000*r.points + r.letter
		if !f.wide && code == ' ' {
			total += r.word
		}
	}
	return total
}
