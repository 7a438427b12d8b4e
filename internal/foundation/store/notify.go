package store

import (
	"slices"
	"sync"
)

// listeners are the channels of this process that wait for a topic.
type listeners struct {
	mu     sync.Mutex
	topics map[string][]chan struct{}
}

// Notify wakes those in this process who Listen to the topic, right after this transaction commits; never when it rolls
// back. It is a hint that may be lost (other processes hear nothing): whoever listens must look from time to time too.
func (tx *Tx) Notify(topic string) {
	if !slices.Contains(tx.topics, topic) {
		tx.topics = append(tx.topics, topic)
	}
}

// Listen gives a channel that receives after commits that called Notify for the topic; several may be received as one.
// stop ends it.
func (db *DB) Listen(topic string) (heard <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	l := &db.listeners
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.topics == nil {
		l.topics = map[string][]chan struct{}{}
	}
	l.topics[topic] = append(l.topics[topic], ch)
	return ch, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.topics[topic] = slices.DeleteFunc(l.topics[topic], func(c chan struct{}) bool { return c == ch })
	}
}

func (l *listeners) announce(topics []string) {
	if len(topics) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, topic := range topics {
		for _, ch := range l.topics[topic] {
			select {
			case ch <- struct{}{}:
			default: // it has not looked since the last time: it will
			}
		}
	}
}
