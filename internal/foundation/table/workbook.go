package table

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"kolo/internal/foundation/fault"
)

// Guards against files that unpack to far more than they are.
const (
	maxPart       = 64 << 20  // bytes of workbook.xml, styles.xml and the like, which are held in memory
	maxUnpacked   = 64 << 30  // bytes of a sheet or of the shared strings, which are not
	maxRatio      = 500       // unpacked to packed, where a part unpacks to more than
	ratioFrom     = 256 << 20 // this
	stringsInCore = 64 << 20  // bytes of shared strings in memory; more go to a temporary file
)

// workbook is an open XLSX file: its sheets, which of its styles are dates, and its shared strings.
type workbook struct {
	parts     map[string]*zip.File
	sheets    []sheet
	epoch1904 bool
	dates     []dateStyle // by the number of a cell's style
	strings   *sharedStrings
}

type sheet struct {
	name, path string
	hidden     bool
}

var errDamaged = &fault.Error{Kind: fault.Invalid, Op: "table.Open", Msg: "the workbook is damaged",
	Fields: []fault.Field{{Path: "file", Code: "damaged", Msg: "the workbook is damaged"}}}

// damaged marks an error of unpacking as the file's fault, unless reading itself failed.
func damaged(err error) error {
	var e *fault.Error
	var p *os.PathError
	switch {
	case err == nil || errors.As(err, &e):
		return err
	case errors.As(err, &p):
		return fault.Wrap("table.Open", err)
	}
	return &fault.Error{Kind: fault.Invalid, Op: "table.Open", Msg: errDamaged.Msg, Fields: errDamaged.Fields, Err: err}
}

func readWorkbook(r io.ReaderAt, size int64, inCore int64) (*workbook, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, damaged(err)
	}
	w := &workbook{parts: make(map[string]*zip.File)}
	for _, f := range z.File {
		w.parts[partName(f.Name)] = f
	}
	main := "xl/workbook.xml"
	var rels relationships
	if err := w.decode("_rels/.rels", &rels); err == nil {
		for _, r := range rels.List {
			if strings.HasSuffix(r.Type, "/officeDocument") {
				main = partName(r.Target)
			}
		}
	}
	var book struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string `xml:"name,attr"`
			ID    string `xml:"id,attr"`
			State string `xml:"state,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := w.decode(main, &book); err != nil {
		return nil, err
	}
	dir, base := path.Split(main)
	rels = relationships{}
	if err := w.decode(dir+"_rels/"+base+".rels", &rels); err != nil {
		return nil, err
	}
	at := func(target string) string {
		if strings.HasPrefix(target, "/") {
			return partName(target)
		}
		return partName(path.Join(dir, target))
	}
	var texts, styles string
	sheets := make(map[string]string)
	for _, r := range rels.List {
		switch path.Base(r.Type) {
		case "worksheet":
			sheets[r.ID] = at(r.Target)
		case "sharedStrings":
			texts = at(r.Target)
		case "styles":
			styles = at(r.Target)
		}
	}
	for _, s := range book.Sheets {
		if p, ok := sheets[s.ID]; ok && w.parts[p] != nil { // a chart's sheet has no rows
			w.sheets = append(w.sheets, sheet{s.Name, p, s.State != "" && s.State != "visible"})
		}
	}
	if len(w.sheets) == 0 {
		return nil, refuse("sheet", "there is no sheet with rows in this file")
	}
	w.epoch1904 = book.Pr.Date1904 == "1" || book.Pr.Date1904 == "true"
	if w.parts[styles] != nil {
		if err := w.readStyles(styles); err != nil {
			return nil, err
		}
	}
	w.strings, err = w.readStrings(texts, inCore)
	return w, err
}

// partName makes one spelling of the name of a part.
func partName(s string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(s, "\\", "/"), "/"))
}

type relationships struct {
	List []struct {
		ID     string `xml:"Id,attr"`
		Type   string `xml:"Type,attr"`
		Target string `xml:"Target,attr"`
	} `xml:"Relationship"`
}

// names are the sheets' names, visible ones first.
func (w *workbook) names() []string {
	var names []string
	for _, hidden := range []bool{false, true} {
		for _, s := range w.sheets {
			if s.hidden == hidden {
				names = append(names, s.name)
			}
		}
	}
	return names
}

// part opens a part for reading, with the guard against bombs.
func (w *workbook) part(name string) (*partReader, error) {
	f := w.parts[partName(name)]
	if f == nil {
		return nil, refuse("workbook", "this is not a workbook: it has no part %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged(err)
	}
	return &partReader{ReadCloser: r, packed: int64(f.CompressedSize64), total: int64(f.UncompressedSize64)}, nil
}

type partReader struct {
	io.ReadCloser
	done, packed, total int64
}

func (p *partReader) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	p.done += int64(n)
	if p.done > maxUnpacked || p.done > ratioFrom && p.done > maxRatio*p.packed {
		return n, refuse("bomb", "the workbook unpacks to far more than a workbook does")
	}
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}

// decode reads a small part.
func (w *workbook) decode(name string, into any) error {
	p, err := w.part(name)
	if err != nil {
		return err
	}
	defer p.Close()
	b, err := io.ReadAll(io.LimitReader(p, maxPart+1))
	if err != nil {
		return err
	}
	if len(b) > maxPart {
		return refuse("bomb", "a part of the workbook is larger than any workbook's")
	}
	return damaged(xml.Unmarshal(b, into))
}

func (w *workbook) readStyles(name string) error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.decode(name, &styles); err != nil {
		return err
	}
	own := make(map[int]dateStyle, len(styles.Formats))
	for _, f := range styles.Formats {
		own[f.ID] = dateStyleOf(f.Code)
	}
	for _, c := range styles.Cells {
		s, ok := own[c.Format]
		if !ok {
			s = builtinDate(c.Format)
		}
		w.dates = append(w.dates, s)
	}
	return nil
}

// dateStyle says what a number format shows of a moment.
type dateStyle uint8

const (
	showsDate dateStyle = 1 << iota
	showsTime
	showsElapsed // hours beyond 24
)

// builtinDate knows the formats that have a number only, those of East Asian versions included.
func builtinDate(id int) dateStyle {
	switch {
	case id == 22:
		return showsDate | showsTime
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id >= 50 && id <= 54, id >= 57 && id <= 58, id == 36:
		return showsDate
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id >= 55 && id <= 56:
		return showsTime
	case id == 46:
		return showsElapsed
	}
	return 0
}

// dateStyleOf reads a format's code: letters of dates outside quotes, escapes and brackets.
func dateStyleOf(code string) (s dateStyle) {
	code, _, _ = strings.Cut(strings.ToLower(code), ";") // the first section is for positive numbers
	months := false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			j := strings.IndexByte(code[i+1:], '"')
			if j < 0 {
				return s
			}
			i += j + 1
		case '\\', '_', '*':
			i++
		case '[':
			j := strings.IndexByte(code[i:], ']')
			if j < 0 {
				return s
			}
			if in := code[i+1 : i+j]; in != "" && (strings.Trim(in, "h") == "" || strings.Trim(in, "m") == "" || strings.Trim(in, "s") == "") {
				s |= showsElapsed
			}
			i += j
		case 'g':
			if strings.HasPrefix(code[i:], "general") {
				i += len("general") - 1
			}
		case 'y', 'd':
			s |= showsDate
		case 'h', 's':
			s |= showsTime
		case 'm':
			months = true // or minutes
		}
	}
	if months && s == 0 {
		s = showsDate
	}
	return s
}

// sharedStrings are the texts that cells refer to by number. Beyond stringsInCore bytes they live in a temporary file, and
// memory holds eight bytes for each.
type sharedStrings struct {
	ends  []int64
	core  []byte
	limit int64 // of core
	file  *os.File
}

func (w *workbook) readStrings(name string, limit int64) (*sharedStrings, error) {
	s := &sharedStrings{limit: limit}
	if w.parts[name] == nil {
		return s, nil
	}
	p, err := w.part(name)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err := s.read(p); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *sharedStrings) read(p io.Reader) error {
	e := &elements{win: newWindow(p), name: "si", list: "sst", limit: DefaultMaxRow}
	var text []byte
	var spill *bufio.Writer
	size := int64(0)
	for {
		b, state, err := e.next()
		switch {
		case err != nil:
			return damaged(err)
		case state == elementsOver:
			if spill != nil {
				return spill.Flush()
			}
			return nil
		case state != elementFound:
			return damaged(io.ErrUnexpectedEOF)
		}
		text = plainText(text[:0], b)
		size += int64(len(text))
		s.ends = append(s.ends, size)
		if spill == nil && size > s.limit {
			if s.file, err = os.CreateTemp("", "kolo-strings-*"); err != nil {
				return err
			}
			spill = bufio.NewWriterSize(s.file, 1<<20)
			if _, err := spill.Write(s.core); err != nil {
				return err
			}
			s.core = nil
		}
		if spill == nil {
			s.core = append(s.core, text...)
		} else if _, err := spill.Write(text); err != nil {
			return err
		}
	}
}

// append adds the text of a number; one that does not exist is empty.
func (s *sharedStrings) append(dst []byte, i int) ([]byte, error) {
	if i < 0 || i >= len(s.ends) {
		return dst, nil
	}
	from := int64(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	if s.file == nil {
		return append(dst, s.core[from:s.ends[i]]...), nil
	}
	n := len(dst)
	dst = append(dst, make([]byte, s.ends[i]-from)...)
	_, err := s.file.ReadAt(dst[n:], from)
	return dst, err
}

func (s *sharedStrings) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	err := s.file.Close()
	return errors.Join(err, os.Remove(s.file.Name()))
}

// plainText adds the text of <si> or <is>: all its <t>, those of phonetic hints left out.
func plainText(dst, b []byte) []byte {
	from, phonetic := len(dst), false
	for w := (tags{rest: b}); w.next(); {
		switch string(w.tag.name) {
		case "rPh":
			phonetic = !w.tag.closing && !w.tag.empty
		case "t":
			if !w.tag.closing && !w.tag.empty && !phonetic {
				dst = appendText(dst, w.text)
			}
		}
	}
	if bytes.Contains(dst[from:], []byte("_x")) {
		dst = unescapeX(dst, from)
	}
	return dst
}
