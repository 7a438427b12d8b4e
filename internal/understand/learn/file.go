package learn

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// magic begins a model's file; the last byte is the format's number.
const magic = "kolo-model\x01"

// header is the readable part of a model's file.
type header struct {
	Features Features        `json:"features"`
	Rows     int             `json:"rows"`
	Heads    []*Head         `json:"heads"`
	Note     json.RawMessage `json:"note,omitempty"`
}

// Encode writes a model as a file: magic, length of the header, header (JSON), and compressed, in this order: the keys
// as differences, their scales, where negation is looked at their tones, and for each head biases, steps and weights, column by column. The note is kept with it,
// for what the owner of the model must remember beside it, and must be JSON.
func (m *Model) Encode(note any) ([]byte, error) {
	raw, err := json.Marshal(note)
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(header{m.Features, len(m.keys), m.Heads, raw})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(magic)
	out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(head))))
	out.Write(head)
	z, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	var b []byte
	last := Key(0)
	for _, k := range m.keys {
		b = binary.AppendUvarint(b, uint64(k-last))
		last = k
	}
	for _, s := range m.scale {
		b = append(b, packScale(s))
	}
	for _, t := range m.tone {
		b = append(b, byte(t))
	}
	for _, h := range m.Heads {
		for _, x := range h.bias {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		for _, x := range h.step {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		n := len(h.Labels)
		for k := range n {
			for row := range m.keys {
				b = append(b, byte(h.weights[row*h.stride+k]))
			}
		}
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Scales lie between 1/16 and 16 and are kept on a logarithmic scale of 256 steps, 2 % each.
func packScale(s float32) byte {
	return byte(min(max(math.Round(math.Log2(float64(s))*32)+128, 0), 255))
}

func unpackScale(b byte) float32 { return float32(math.Exp2((float64(b) - 128) / 32)) }

// most is the largest that a model may be, so that a damaged file cannot ask for all memory.
const mostRows = 1 << 24

// Decode reads what Encode wrote. The note is put into note, unless that is nil.
func Decode(file []byte, note any) (*Model, error) {
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok || len(rest) < 4 {
		return nil, errors.New("learn: this is no model, or one of another version")
	}
	n := int(binary.LittleEndian.Uint32(rest))
	rest = rest[4:]
	if n < 0 || n > len(rest) {
		return nil, errors.New("learn: the model is cut off")
	}
	var head header
	if err := json.Unmarshal(rest[:n], &head); err != nil {
		return nil, fmt.Errorf("learn: header of the model: %w", err)
	}
	if head.Rows < 0 || head.Rows > mostRows {
		return nil, errors.New("learn: the model has an impossible size")
	}
	if note != nil && len(head.Note) > 0 {
		if err := json.Unmarshal(head.Note, note); err != nil {
			return nil, fmt.Errorf("learn: note of the model: %w", err)
		}
	}
	m := &Model{Features: head.Features, Heads: head.Heads}
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(rest[n:])))
	if err != nil {
		return nil, fmt.Errorf("learn: the model is damaged: %w", err)
	}
	m.keys = make([]Key, head.Rows)
	last := Key(0)
	for row := range m.keys {
		d, size := binary.Uvarint(b)
		if size <= 0 {
			return nil, errors.New("learn: the model is cut off")
		}
		b = b[size:]
		last += Key(d)
		m.keys[row] = last
	}
	take := func(n int) (part []byte) {
		if n > len(b) {
			err = errors.New("learn: the model is cut off")
			return make([]byte, n)
		}
		part, b = b[:n], b[n:]
		return part
	}
	m.scale = make([]float32, head.Rows)
	for row, x := range take(head.Rows) {
		m.scale[row] = unpackScale(x)
	}
	if head.Features.Negation {
		m.tone = make([]int8, head.Rows)
		for row, x := range take(head.Rows) {
			m.tone[row] = int8(x)
		}
	}
	m.makeRoom()
	for _, h := range m.Heads {
		n := len(h.Labels)
		h.bias, h.step = floats(take(4*n)), floats(take(4*n))
		for k := range n {
			for row, x := range take(head.Rows) {
				h.weights[row*h.stride+k] = int8(x)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	m.index()
	return m, nil
}

func floats(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}
